import { INLINE_SCHEMA_COST } from "../../gate/bounds.ts";
import { denialOf } from "../../gate/hints.ts";
import type { Remedy, Verdict } from "../../gate/protocol.ts";
import type { Arguments, ListCover, Listed, McpAct, McpCover, Offers } from "./act.ts";
import { ANY, type Compiled, type CompiledTool, coversUri } from "./compile.ts";
import type { ClientMessage } from "../../gate/web/mcp/message.ts";
import { isCursor } from "./answers/results.ts";

/** What every holder of a grant may send: how a session begins, and lists, which show only what is granted. */
const sessionMethods: ReadonlySet<string> = new Set(["initialize", "ping"]);
const lists: ReadonlyMap<string, Listed> = new Map([
  ["tools/list", "tools"],
  ["resources/list", "resources"],
  ["resources/templates/list", "templates"],
  ["prompts/list", "prompts"],
]);
const openNotifications: ReadonlySet<string> = new Set([
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
]);

/** What a grant covers, in words, for the hints of its denials. */
function coverWords(scopes: readonly Compiled[]): string {
  const covered = scopes
    .map(
      ({ name, tools, resources, prompts }) =>
        `${name} (${[...tools.keys(), ...resources, ...prompts].join(", ")})`,
    )
    .join("; ");
  return covered.length > 600 ? `${covered.slice(0, 600)}…` : covered;
}

/** Text of a message that a person may read in a denial. */
function shown(value: unknown): string {
  return typeof value === "string" ? value.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 128) : "(none)";
}

interface Failed {
  readonly kind: "failed";
  readonly rule: string;
  readonly why: string;
  /** How far it came: the further, the better the denial tells what is amiss. */
  readonly step: number;
  /** What can help. */
  readonly remedy: Remedy;
}

function failed(rule: string, step: number, why: string, remedy: Remedy = "ask"): Failed {
  return { kind: "failed", rule, why, step, remedy };
}

/** What a scope grants by name: one lookup for the list, the call and the choice among grants. */
const granted = {
  tools: ({ tools }: Compiled, name: unknown): CompiledTool | undefined =>
    typeof name === "string" ? (tools.get(name) ?? tools.get(ANY)) : undefined,
  resources: ({ resources }: Compiled, uri: unknown): string | undefined =>
    typeof uri === "string" && coversUri(resources, uri) ? uri : undefined,
  prompts: ({ prompts }: Compiled, name: unknown): string | undefined =>
    typeof name === "string" && (prompts.has(name) || prompts.has(ANY)) ? name : undefined,
} as const;

/** A member that a call does not have; undefined when it has none. */
function extraOf(params: Arguments, members: readonly string[]): string | undefined {
  return Object.keys(params).find((key) => !members.includes(key));
}

function isArguments(given: unknown): given is Arguments {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function judgeTool(scope: Compiled, { message: { params }, found, bytes }: McpAct): Failed | McpCover {
  const { name, arguments: given } = params;
  const tool = granted.tools(scope, name);
  if (tool === undefined) return failed("tools", 0, `the tool ${shown(name)} is not granted`);
  const extra = extraOf(params, ["name", "arguments", "_meta"]);
  if (extra !== undefined) return failed("tools", 1, `a call has no member ${shown(extra)}`, "correct");
  if (given !== undefined && !isArguments(given))
    return failed("tools", 1, "arguments must be an object", "correct");
  // Of an operation that is only looked at for a hint, what takes long is not done.
  const isDear = bytes !== undefined && tool.cost(bytes) > INLINE_SCHEMA_COST;
  const isJudged = found === undefined ? !isDear : found.has(tool);
  const judged = (): string | undefined => (found === undefined ? tool.check(given ?? {}) : found.get(tool));
  const wrong = isJudged ? judged() : "the arguments were not judged";
  return wrong === undefined
    ? { kind: "tool", scope, tool, name: String(name), arguments: given }
    : failed("tools", 2, `${shown(name)}: ${wrong.replace(/^the body/, "the arguments")}`);
}

function judgeResource(scope: Compiled, { message: { params } }: McpAct): Failed | McpCover {
  const extra = extraOf(params, ["uri", "_meta"]);
  if (extra !== undefined) return failed("resources", 1, `a read has no member ${shown(extra)}`, "correct");
  const uri = granted.resources(scope, params["uri"]);
  return uri === undefined
    ? failed("resources", 0, `the resource ${shown(params["uri"])} is not granted`)
    : { kind: "resource", scope, uri };
}

function judgePrompt(scope: Compiled, { message: { params } }: McpAct): Failed | McpCover {
  const { arguments: given } = params;
  const extra = extraOf(params, ["name", "arguments", "_meta"]);
  if (extra !== undefined) return failed("prompts", 1, `a prompt has no member ${shown(extra)}`, "correct");
  if (given !== undefined && !isArguments(given))
    return failed("prompts", 1, "arguments must be an object", "correct");
  const name = granted.prompts(scope, params["name"]);
  return name === undefined
    ? failed("prompts", 0, `the prompt ${shown(params["name"])} is not granted`)
    : { kind: "prompt", scope, name, arguments: given };
}

function judgeBy(scope: Compiled, act: McpAct): Failed | McpCover {
  const { method } = act.message;
  switch (method) {
    case "tools/call":
      return judgeTool(scope, act);
    case "resources/read":
      return judgeResource(scope, act);
    case "prompts/get":
      return judgePrompt(scope, act);
    default:
      return failed("methods", 0, `${shown(method)} is not granted`, "never");
  }
}

function offersOf(scopes: readonly Compiled[]): Offers {
  return {
    tools: scopes.some(({ tools }) => tools.size > 0),
    resources: scopes.some(({ resources }) => resources.length > 0),
    prompts: scopes.some(({ prompts }) => prompts.size > 0),
  };
}

function listCover(scopes: readonly Compiled[], what: Listed, cursor: unknown): ListCover | Failed {
  if (!isCursor(cursor)) return failed("methods", 1, "a cursor is one that a list gave", "correct");
  // A template stands for more than any list of URIs: none is passed on.
  if (what === "templates") return { kind: "list", what, cursor, isOffered: false, shows: () => false };
  return {
    kind: "list",
    what,
    cursor,
    isOffered: offersOf(scopes)[what],
    shows: (name) => scopes.some((scope) => granted[what](scope, name) !== undefined),
  };
}

/** What every holder of a grant may send, whatever it grants. */
function judgeOpen(scopes: readonly Compiled[], { message }: McpAct): Failed | McpCover | undefined {
  const { method, params } = message;
  if (message.kind === "notification")
    return openNotifications.has(method)
      ? { kind: "session", offers: offersOf(scopes) }
      : failed("methods", 0, `${shown(method)} is no notification that is taken`, "never");
  if (sessionMethods.has(method)) return { kind: "session", offers: offersOf(scopes) };
  const listed = lists.get(method);
  return listed === undefined ? undefined : listCover(scopes, listed, params["cursor"]);
}

/** What a grant's scopes make of a message: pure. */
export function verdictOf(scopes: readonly Compiled[], act: McpAct): Verdict<McpCover> {
  const [first] = scopes;
  const open = first === undefined ? undefined : judgeOpen(scopes, act);
  let nearest: (Failed & { readonly name: string }) | undefined;
  if (first !== undefined && open !== undefined) {
    if (open.kind !== "failed") return { kind: "permit", operation: first.name, cover: open };
    nearest = { ...open, name: first.name };
  } else
    for (const scope of scopes) {
      const found = judgeBy(scope, act);
      if (found.kind !== "failed")
        return {
          kind: "permit",
          operation: scope.name,
          cover: found,
          ...(scope.budget === undefined ? {} : { budget: scope.budget }),
        };
      if (nearest === undefined || found.step > nearest.step) nearest = { ...found, name: scope.name };
    }
  const denial = denialOf({
    rule: `${nearest?.name ?? ""}: ${nearest?.rule ?? "methods"}`,
    message: `refused: ${nearest?.why ?? "nothing is granted"}`,
    remedy: nearest?.remedy ?? "ask",
    covers: coverWords(scopes),
    connection: scopes[0]?.name.split("/")[0] ?? "CONNECTION",
  });
  return { kind: "deny", denial };
}

/**
 * Whether a grant covers a message as far as its names tell: for choosing among several grants. What a call's arguments
 * say is not looked at, since that may take long.
 */
export function coversCall(scopes: readonly Compiled[], message: ClientMessage): boolean {
  const all = new Map(scopes.flatMap(({ tools }) => [...tools.values()]).map((tool) => [tool, undefined]));
  return verdictOf(scopes, { message, found: all }).kind === "permit";
}
