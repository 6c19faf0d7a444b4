import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { NamedScope, Verdict } from "../../../gate/protocol.ts";
import type { HttpAct } from "../act.ts";
import { type Compiled, compileScopes } from "../compile.ts";
import { verdictOf } from "../judge.ts";
import type { HttpScope } from "../scope.ts";
import { partsOf, readSeenRequest, type SeenRequest, shownRequest } from "./request.ts";
import { baseOf, withoutBase } from "./target.ts";

/** A WebSocket's key, which no log has: the example of RFC 6455, section 1.3. */
const KEY = ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version", "13"];

/**
 * Judges requests as sessions would, but for what their source does not say: what bodies hold. Of one whose size is known it
 * counts whether one may be there, and whether it may be as large.
 */
export const judgeOf: Inventory<HttpScope>["judge"] = (scopes, { target }) => {
  const base = baseOf(target);
  const judge = judgeActs(scopes);
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  return (act) => withoutValues(judge(withoutBase(act, base)), connection, act);
};

/** A verdict whose words hold no value of the request: what differs in those alone is refused for one reason. */
function withoutValues(verdict: Verdict<unknown>, connection: string, act: string): Verdict<unknown> {
  if (verdict.kind === "permit") return verdict;
  const { rule, message } = verdict.denial;
  const said = (words: { readonly rule?: string; readonly message: string }): Verdict<unknown> => ({
    kind: "deny",
    denial: { ...verdict.denial, ...words },
  });
  if (rule.endsWith(": requests"))
    return said({
      rule: `${connection}: requests`,
      message: `refused: no operation has ${shownRequest(act).split("?", 1)[0]}`,
    });
  if (message.split(/[\s"',;]+/u).every(isSayable)) return verdict;
  return said({
    message: `refused: its ${rule.slice(rule.lastIndexOf(":") + 2)} is not what the operation takes`,
  });
}

/** Whether a word of a denial may be a name or the judge's own, and is nobody's value. */
const isSayable = (word: string): boolean =>
  /^[\w.:$/[\]()=<>&;-]{0,64}$/u.test(word) && !/^eyJ|\d{5}/u.test(word);

function judgeActs(scopes: readonly NamedScope<HttpScope>[]): (act: string) => Verdict<unknown> {
  const compiled = compileScopes(scopes);
  // Whatever their bodies are.
  const heads = compiled.map((scope) => ({ ...scope, body: undefined }));
  return (text) => {
    const request = readSeenRequest(text);
    // Of what no list can say, all that is known counts: a body that nobody saw is refused where it has to be read.
    if ("why" in request) return verdictOf(compiled, wholeActOf(text));
    const act = actOf(request);
    const { body, json } = request;
    if (json !== undefined)
      return verdictOf(compiled, { ...act, body: { kind: "read", bytes: Buffer.from(json) } });
    if (body === undefined || body === 0) return verdictOf(heads, act);
    const taking = heads.filter((_, at) => takes(compiled[at], body));
    const verdict = verdictOf(taking, act);
    if (verdict.kind === "permit") return verdict;
    // What is said of it is said with the body, by all.
    const said = verdictOf(compiled, {
      ...act,
      body: { kind: "stream", length: body === "streamed" ? undefined : body },
    });
    return said.kind === "deny" ? said : verdict;
  };
}

function takes(scope: Compiled | undefined, body: number | "streamed"): boolean {
  const max = scope?.body?.max;
  return max !== undefined && (body === "streamed" || body <= max);
}

/** A request that may be none that can be granted, with its encoding and its body. */
function wholeActOf(text: string): HttpAct {
  const request = partsOf(text);
  const { body, json, isEncoded } = request;
  const act = actOf(request);
  const headers = isEncoded ? [...act.headers, "content-encoding", "gzip"] : act.headers;
  if (json !== undefined) return { ...act, headers, body: { kind: "read", bytes: Buffer.from(json) } };
  if (body === undefined || body === 0) return { ...act, headers };
  return { ...act, headers, body: { kind: "stream", length: body === "streamed" ? undefined : body } };
}

function actOf(request: Pick<SeenRequest, "method" | "target" | "headers" | "type" | "upgrade">): HttpAct {
  const { method, target, headers = [], type, upgrade } = request;
  return {
    method,
    target,
    headers: [
      ...headers.flatMap((name) => [name, ""]),
      ...(type === undefined ? [] : ["content-type", type]),
      ...(upgrade === "websocket" ? KEY : []),
    ],
    body: { kind: "none" },
    ...(upgrade === undefined ? {} : { upgrade }),
  };
}
