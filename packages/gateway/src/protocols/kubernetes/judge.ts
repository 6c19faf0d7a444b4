import { type Objection, denialOf, neverGranted, notGranted, wrong } from "../../gate/hints.ts";
import type { Fault, NamedScope, Remedy, Verdict } from "../../gate/protocol.ts";
import type { KubernetesAct, KubernetesCover } from "./act.ts";
import { judgeExec, judgePod } from "./request/exec.ts";
import { nameMatches } from "./request/glob.ts";
import { grantsNamespace, grantsResource } from "./request/granted.ts";
import { judgeHeaders } from "./headers.ts";
import { maskOf } from "./mask.ts";
import { problemOfResource, WRITING_VERBS } from "./request/never.ts";
import { DELETE_OPTIONS, parametersOf } from "./request/parameters.ts";
import type { KubernetesRequest, ResourceRequest } from "./request/read.ts";
import type { KubernetesScope } from "./scope.ts";
import { judgeWrite } from "./write/judge-write.ts";
import { bodyTypeOf, parseBody } from "./write/body.ts";
import { isObject } from "./write/objects.ts";
import { writeOf } from "./write/write.ts";

/** A scope with its operation's name. */
export type Named = NamedScope<KubernetesScope>;

/** How far a request came with one scope: the further, the better its denial tells what is amiss. */
interface Failed extends Objection {
  readonly kind: "failed";
  readonly step: number;
  readonly rule: string;
  readonly fault?: Fault;
}

function failed(
  step: number,
  rule: string,
  { why, remedy, fault }: Objection & { readonly fault?: Fault },
): Failed {
  return { kind: "failed", step, rule, why, remedy, ...(fault === undefined ? {} : { fault }) };
}

/** A resource as scopes write it: `pods/log`, `deployments.apps`. */
export function resourceOf(request: ResourceRequest): string {
  const { resource, group, subresource } = request;
  return `${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
}

function judgeConnect(
  act: KubernetesAct,
  request: ResourceRequest,
  scope: KubernetesScope,
): Failed | KubernetesCover {
  const what = resourceOf(request);
  // Others are proxies, and streams into what runs already.
  if (what !== "pods/exec" && what !== "pods/portforward")
    return failed(1, "resources", neverGranted(`${what} is never granted`));
  // A stream needs a connection that changes its protocol, and has no body before it does.
  if (act.upgrade === undefined || act.body.kind !== "none")
    return failed(1, "request", wrong(`${what} needs a connection that is upgraded`));
  if (what === "pods/exec" && scope.exec !== undefined) {
    const exec = judgeExec(scope.exec, request, act.pod);
    return "why" in exec ? failed(3, "exec", exec) : { kind: "exec", scope, request, pods: scope.exec, exec };
  }
  if (what === "pods/portforward" && scope.port_forward !== undefined) {
    const amiss =
      judgePod(scope.port_forward, request, act.pod) ??
      (request.query.length > 0 ? wrong("port-forward takes no parameters") : undefined) ??
      (act.port === undefined || scope.port_forward.ports.includes(act.port)
        ? undefined
        : notGranted(`port ${act.port} is not granted`));
    return amiss === undefined
      ? { kind: "port_forward", scope, request, pods: scope.port_forward, port: act.port }
      : failed(3, "port_forward", amiss);
  }
  return failed(1, "resources", notGranted(`${what} is not granted`));
}

function judgeResource(
  act: KubernetesAct,
  request: ResourceRequest,
  scope: KubernetesScope,
): Failed | KubernetesCover {
  const outside = judgeHead(request, scope);
  if (outside !== undefined) return outside;
  const members = Object.hasOwn(scope.mask, request.resource) ? scope.mask[request.resource] : undefined;
  const mask = members === undefined ? undefined : maskOf(request.resource, members);
  if (!WRITING_VERBS.includes(request.verb)) {
    const amiss = judgeBody(act, request);
    return amiss === undefined
      ? { kind: "resource", scope, request, mask, write: undefined }
      : failed(4, "request", amiss);
  }
  const write = act.write ?? writeOf(act, request, undefined);
  const amiss = judgeWrite(write, request, scope);
  if (amiss !== undefined) return failed(4, "request", amiss);
  return write.kind === "object"
    ? { kind: "resource", scope, request, mask, write }
    : failed(4, "request", write);
}

/** Why a request is refused by what it is about, whatever its body says. */
function judgeHead(request: ResourceRequest, scope: KubernetesScope): Failed | undefined {
  const what = resourceOf(request);
  if (!grantsResource(scope, what, request.verb))
    return failed(0, "resources", ofResource(what, request.verb, `${what} is not granted`));
  const { verb, namespace, name } = request;
  if (verb === "connect" || scope.verbs?.includes(verb) !== true)
    return failed(1, "verbs", ofResource(what, verb, `${verb} on ${what} is not granted`));
  if (namespace === undefined) {
    if (!scope.cluster)
      return failed(2, "namespaces", notGranted(`${verb} on ${what} in all namespaces is not granted`));
  } else if (!grantsNamespace(scope, namespace))
    return failed(2, "namespaces", notGranted(`namespace ${namespace} is not granted`));
  if (scope.names !== undefined) {
    // What is listed or created has a name of its own choice.
    const isNamed = name !== undefined && scope.names.some((pattern) => nameMatches(pattern, name));
    if (!isNamed)
      return failed(
        3,
        "names",
        notGranted(name === undefined ? `${verb} without a name is not granted` : `${name} is not granted`),
      );
  }
  const amiss = parametersOf(request, scope);
  return amiss === undefined ? undefined : failed(4, "request", amiss);
}

/** Why the body of a request that writes no object is refused: what is removed may say how. */
function judgeBody(act: KubernetesAct, { verb }: ResourceRequest): Objection | undefined {
  const { body } = act;
  if (body.kind === "none" || body.bytes.length === 0) return undefined;
  if (verb !== "delete" && verb !== "deletecollection") return wrong(`${verb} has no body`);
  if (bodyTypeOf(act) !== "json")
    return wrong("the body's content type is not taken here; send application/json");
  const options = parseBody(body.bytes);
  if (!isObject(options)) return wrong("the body is no JSON that can be read in one way only");
  const other = Object.keys(options).find((name) => !DELETE_OPTIONS.has(name));
  return other === undefined
    ? undefined
    : wrong(`the body of ${verb} takes no member ${JSON.stringify(other.slice(0, 40))}`);
}

/**
 * The request of an act that changes an object which a scope lets it change, as far as its head tells: what results is to be
 * judged, so that object is asked for. Undefined: the act is another one, or refused whatever the object is.
 */
export function changedObject(scopes: readonly Named[], act: KubernetesAct): ResourceRequest | undefined {
  const { request } = act;
  if ("why" in request || request.kind === "discovery") return undefined;
  if (request.verb !== "update" && request.verb !== "patch") return undefined;
  if (judgeHeaders(act, request) !== undefined) return undefined;
  return scopes.some(({ scope }) => judgeHead(request, scope) === undefined) ? request : undefined;
}

/** What is not granted, or what no scope can grant, in the words of the configuration's check. */
function ofResource(what: string, verb: string, why: string): Objection {
  const never = problemOfResource(what, [verb]);
  return never === undefined ? notGranted(why) : neverGranted(never.message);
}

/** What a grant covers, in words, for the hints of its denials. */
function coverWords(scopes: readonly Named[]): string {
  const covered = scopes.map(({ name, scope }) => `${name} (${brief(scope)})`).join("; ");
  return covered.length > 600 ? `${covered.slice(0, 600)}…` : covered;
}

/** More do not fit into a hint. */
const MAX_COMMANDS = 100;

function brief(scope: KubernetesScope): string {
  const parts: string[] = [];
  if (scope.resources !== undefined)
    parts.push(
      `${(scope.verbs ?? []).join(", ")} ${scope.resources.join(", ")} in ${scope.namespaces?.join(", ") ?? "the cluster"}`,
    );
  if (scope.exec !== undefined)
    parts.push(
      `exec ${scope.exec.commands
        .slice(0, MAX_COMMANDS)
        .map((command) => command.join(" "))
        .join(" | ")} in ${scope.exec.namespaces.join(", ")}`,
    );
  if (scope.port_forward !== undefined)
    parts.push(
      `port-forward to ${scope.port_forward.ports.join(", ")} in ${scope.port_forward.namespaces.join(", ")}`,
    );
  return parts.join("; ");
}

type Deny = (rule: string, why: string, remedy: Remedy, fault?: Fault) => Verdict<KubernetesCover>;

/** What a grant's scopes make of a request: pure. */
export function verdictOf(scopes: readonly Named[], act: KubernetesAct): Verdict<KubernetesCover> {
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  const deny: Deny = (rule, why, remedy, fault) => ({
    kind: "deny",
    denial: denialOf({
      rule,
      message: `refused: ${why}`,
      remedy,
      covers: coverWords(scopes),
      connection,
      fault,
    }),
  });
  const { request } = act;
  if ("why" in request) return deny(`${connection}: request`, request.why, "correct");
  const header = judgeHeaders(act, request);
  if (header !== undefined) return deny(`${connection}: headers`, header.why, header.remedy);
  return judgeRead(scopes, act, request, deny);
}

function judgeRead(
  scopes: readonly Named[],
  act: KubernetesAct,
  request: KubernetesRequest,
  deny: Deny,
): Verdict<KubernetesCover> {
  const [first] = scopes;
  if (first === undefined) return deny("grant", "nothing is granted", "ask");
  // Whoever has a grant here may learn which resources there are.
  if (request.kind === "discovery") {
    return act.body.kind === "none"
      ? { kind: "permit", operation: first.name, cover: { kind: "discovery", scope: first.scope, request } }
      : deny(`${first.name}: request`, "discovery has no body", "correct");
  }
  let nearest: (Failed & { readonly name: string }) | undefined;
  for (const { name, scope } of scopes) {
    const found =
      request.verb === "connect" ? judgeConnect(act, request, scope) : judgeResource(act, request, scope);
    if (found.kind !== "failed") return { kind: "permit", operation: name, cover: found };
    if (nearest === undefined || found.step > nearest.step) nearest = { ...found, name };
  }
  return deny(
    `${nearest?.name ?? first.name}: ${nearest?.rule ?? "resources"}`,
    nearest?.why ?? "it is not granted",
    nearest?.remedy ?? "ask",
    nearest?.fault,
  );
}
