// Acts of the protocols over HTTP in words, from their records; live sessions say the same. Pure. Untrusted text.

type Detail = Readonly<Record<string, unknown>>;

const textIn = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
const objectIn = (value: unknown): Detail =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Detail) : {};

/** A word as a shell would need it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text);
}

/** The most of one argument that is shown, in characters. */
const MAX_ARGUMENT_LENGTH = 200;

function argumentsText(given: unknown): string {
  if (typeof given === "string") return given.slice(0, MAX_ARGUMENT_LENGTH);
  return Object.entries(objectIn(given))
    .map(([name, value]) => {
      const text = JSON.stringify(value) ?? "null";
      return `${name}: ${text.length <= MAX_ARGUMENT_LENGTH ? text : `${text.slice(0, MAX_ARGUMENT_LENGTH).toWellFormed()}…`}`;
    })
    .join(", ");
}

/** A message to an MCP server: `get_customer(id: 1)`. */
function mcpAct(act: Detail, method: string): string {
  const named = textIn(act["tool"]) ?? textIn(act["prompt"]);
  if (named !== undefined)
    return `${act["prompt"] === undefined ? "" : "prompt "}${named}(${argumentsText(act["arguments"])})`;
  const uri = textIn(act["uri"]);
  return uri === undefined ? method : `read ${uri}`;
}

const commands: Readonly<Record<string, string>> = { list: "get", watch: "get", update: "replace" };
const entering: Readonly<Record<string, string>> = {
  exec: "exec",
  attach: "attach",
  portforward: "port-forward",
  log: "logs",
};

/** A request to a cluster as kubectl is told it: `kubectl exec web-1 -n shop -- ls`. */
function clusterAct(act: Detail, verb: string): string {
  const discovery = textIn(act["discovery"]);
  if (discovery !== undefined) return `kubectl get --raw ${discovery}`;
  const namespace = textIn(act["namespace"]);
  const where = namespace === undefined ? [] : ["-n", quoted(namespace)];
  const name = textIn(act["name"]);
  const names = name === undefined ? [] : [quoted(name)];
  const subresource = textIn(act["subresource"]);
  const argv = textsIn(act["argv"]);
  const enter =
    subresource !== undefined && Object.hasOwn(entering, subresource) ? entering[subresource] : undefined;
  if (enter !== undefined) {
    const { port } = act;
    const command = argv.length === 0 ? [] : ["--", ...argv.map(quoted)];
    return [
      "kubectl",
      enter,
      ...names,
      ...where,
      ...(typeof port === "number" ? [String(port)] : []),
      ...command,
    ].join(" ");
  }
  const resource = textIn(act["resource"]) ?? "";
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const command = Object.hasOwn(commands, verb) ? commands[verb] : verb;
  return ["kubectl", command, what, ...names, ...where, ...(verb === "watch" ? ["--watch"] : [])].join(" ");
}

/** An act that is no statement; what has no words stands as it is in the record. */
export function protocolAct(act: Detail): string | undefined {
  const method = textIn(act["method"]);
  const path = textIn(act["path"]);
  const query = textIn(act["query"]);
  if (method !== undefined && path !== undefined)
    return `${method} ${path}${query === undefined ? "" : `?${query}`}`;
  const target = textIn(act["target"]);
  if (method !== undefined && target !== undefined) return `${method} ${target}`;
  const verb = textIn(act["verb"]);
  if (verb !== undefined) return clusterAct(act, verb);
  if (method !== undefined) return mcpAct(act, method);
  const argv = textsIn(act["argv"]);
  if (argv.length > 0) return argv.map(quoted).join(" ");
  return Object.keys(act).length === 0 ? undefined : JSON.stringify(act);
}
