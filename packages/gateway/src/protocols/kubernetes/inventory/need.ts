import type { NamedScope } from "../../../gate/protocol.ts";
import type { KubernetesAct } from "../act.ts";
import { resourceOf } from "../judge.ts";
import type { ResourceRequest, Verb } from "../request/read.ts";
import { checkScope, type KubernetesScope, scopeSchema } from "../scope.ts";
import { bodyTypeOf } from "../write/body.ts";
import { accountsIn, isUnseen } from "./completed.ts";
import { judgeSeen } from "./judge-seen.ts";
import { patternOf } from "./names.ts";
import { readSeen, type SeenRequest } from "./seen-request.ts";

/** What a request about objects needs of a scope. */
export interface ObjectNeed {
  readonly kind: "object";
  /** As scopes write it: `deployments.apps/scale`. */
  readonly what: string;
  readonly verb: Exclude<Verb, "connect">;
  /** Whether it may make what is not there, and so needs `create` beside its verb. */
  readonly makes: boolean;
  /** Left out: it is in no namespace, or in all of them. */
  readonly namespace?: string;
  /** A pattern that takes the object's name; left out: it has none of the client's choice. */
  readonly name?: string;
  readonly accounts: readonly string[];
  /** Whether no source shows what was written. */
  readonly isUnseen: boolean;
}

/** What a command in a pod needs. */
export interface CommandNeed {
  readonly kind: "command";
  readonly namespace: string;
  /** A pattern that takes the pod's name. */
  readonly pod: string;
  readonly container: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
  readonly terminal: boolean;
}

/** What a forwarded connection needs. */
export interface PortNeed {
  readonly kind: "port";
  readonly namespace: string;
  readonly pod: string;
  /** Left out: the source does not say. */
  readonly port?: number;
}

export type Need =
  | { readonly kind: "nothing" }
  | { readonly kind: "never"; readonly why: string }
  | ObjectNeed
  | CommandNeed
  | PortNeed;

/** The longest reason that is given, in characters. */
const MAX_WHY = 200;
const never = (why: string): Need => ({ kind: "never", why: why.slice(0, MAX_WHY) });

/** What a request needs, and nothing more: judged by the judge that rules at run time. @param text as `readSeen` takes it */
export function needOf(text: string): Need {
  const seen = readSeen(text);
  const { request } = seen.act;
  if ("why" in request) return never(request.why);
  if (request.kind === "discovery") return { kind: "nothing" };
  const need = request.verb === "connect" ? entering(seen.act, request) : ofObject(seen, request);
  if (need.kind === "never" || need.kind === "nothing") return need;
  const refusal = refusalOf(need, seen);
  if (refusal === undefined) return need;
  const accounts = need.kind === "object" ? accountsIn(seen.act) : [];
  if (need.kind !== "object" || accounts.length === 0) return never(refusal);
  const still = refusalOf({ ...need, accounts }, seen);
  if (still !== undefined) return never(still);
  // Those alone without which it would be refused.
  const least = accounts.reduce<readonly string[]>((kept, name) => {
    const without = kept.filter((each) => each !== name);
    return refusalOf({ ...need, accounts: without }, seen) === undefined ? without : kept;
  }, accounts);
  return { ...need, accounts: least };
}

function ofObject({ act, made }: SeenRequest, request: ResourceRequest): Need {
  const { verb, namespace, name } = request;
  if (verb === "connect") return never("nothing there is granted");
  return {
    kind: "object",
    what: resourceOf(request),
    verb,
    makes: made || (verb === "patch" && bodyTypeOf(act) === "apply"),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name: patternOf(name) }),
    accounts: [],
    isUnseen: isUnseen(act),
  };
}

function entering({ port }: KubernetesAct, request: ResourceRequest): Need {
  const { namespace = "", name = "", exec } = request;
  const what = resourceOf(request);
  const pod = patternOf(name);
  if (what === "pods/portforward")
    return { kind: "port", namespace, pod, ...(port === undefined ? {} : { port }) };
  if (what !== "pods/exec" || exec === undefined) return never(`${what} is never granted`);
  if ("why" in exec) return never(exec.why);
  const { container, argv, stdin, terminal } = exec;
  if (argv.includes("")) return never("an empty argument can be in no scope");
  return { kind: "command", namespace, pod, container, argv, stdin, terminal };
}

/** The scope that takes what is needed and nothing else, as a configuration writes it. */
export function exactScope(need: ObjectNeed | CommandNeed | PortNeed): Readonly<Record<string, unknown>> {
  if (need.kind === "command") {
    const { namespace, pod, container, argv, stdin, terminal } = need;
    return {
      exec: {
        namespaces: [namespace],
        names: [pod],
        containers: [container],
        commands: [argv],
        stdin,
        terminal,
      },
    };
  }
  if (need.kind === "port") {
    const { namespace, pod, port = 1 } = need;
    return { port_forward: { namespaces: [namespace], names: [pod], ports: [port] } };
  }
  const { what, verb, makes, namespace, name, accounts } = need;
  return {
    resources: [what],
    verbs: makes && verb !== "create" ? ["create", verb] : [verb],
    ...(namespace === undefined ? { cluster: true } : { namespaces: [namespace] }),
    ...(name === undefined ? {} : { names: [name] }),
    ...(accounts.length === 0 ? {} : { service_accounts: accounts }),
  };
}

/** A scope as it would be loaded; undefined: it would not. */
export function loadedScope(written: Readonly<Record<string, unknown>>): KubernetesScope | undefined {
  const parsed = scopeSchema.safeParse(written);
  return parsed.success && checkScope(parsed.data).length === 0 ? parsed.data : undefined;
}

function refusalOf(need: ObjectNeed | CommandNeed | PortNeed, seen: SeenRequest): string | undefined {
  const parsed = scopeSchema.safeParse(exactScope(need));
  if (!parsed.success) return parsed.error.issues[0]?.message ?? "no scope can say it";
  const problem = checkScope(parsed.data)[0];
  if (problem !== undefined) return problem.message;
  const scopes: readonly NamedScope<KubernetesScope>[] = [{ name: "c/o", scope: parsed.data }];
  const verdict = judgeSeen(scopes, seen);
  return verdict.kind === "permit" ? undefined : verdict.denial.message.replace(/^refused: /u, "");
}
