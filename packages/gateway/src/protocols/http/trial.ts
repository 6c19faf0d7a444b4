import type { HttpCover } from "./act.ts";
import type { NamedScope, Verdict } from "../../gate/protocol.ts";
import { checkHead, valuesOf } from "../../gate/web/request-head.ts";
import { compileScopes } from "./compile.ts";
import { verdictOf } from "./judge.ts";
import { readRawRequest } from "./request/raw-request.ts";
import type { HttpScope } from "./scope.ts";
import type { HttpTarget } from "./target.ts";

/**
 * A try-out for `mayflyd judge`: each act is a request's raw head and body, with the target as the upstream sees it.
 * Its Host, where there is one, is the upstream's or the gateway's own placeholder `localhost`.
 */
export function trial(
  scopes: readonly NamedScope<HttpScope>[],
  target: HttpTarget,
): (act: string) => Verdict<HttpCover> {
  const compiled = compileScopes(scopes);
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  const { host, hostname, port, protocol } = new URL(target.url);
  const usual = protocol === "https:" ? "443" : "80";
  const deny = (why: string): Verdict<HttpCover> => ({
    kind: "deny",
    denial: {
      rule: `${connection}: request`,
      message: `refused: ${why}`,
      remedy: "correct",
      hint: "an act is a request as it is sent: METHOD /path HTTP/1.1, headers, an empty line, the body",
    },
  });
  return (text) => {
    const act = readRawRequest(text);
    if ("why" in act) return deny(act.why);
    const [named = host] = valuesOf(act.headers, "host");
    // A default port that is written out names the same host.
    const hostNow = named.toLowerCase() === `${hostname}:${port === "" ? usual : port}` ? named : host;
    const rawHeaders =
      valuesOf(act.headers, "host").length === 0 ? ["host", host, ...act.headers] : act.headers;
    const { method } = act;
    const wrong = checkHead(
      { httpVersion: "1.1", httpVersionMajor: 1, method, target: act.target, rawHeaders },
      hostNow,
    );
    return wrong === undefined ? verdictOf(compiled, act) : deny(wrong.message);
  };
}
