import type { SessionRefused } from "../../gate/gate.ts";
import type { Denial } from "../../gate/protocol.ts";
import { challengeHeaders, ownHeaders, type LocalReply } from "../../gate/web/problem.ts";

/** Reasons as Kubernetes names them (metav1.StatusReason), by status. */
const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  413: "RequestEntityTooLarge",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  502: "ServiceUnavailable",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** A reason as the codes of the gateway's problems are written. */
function snakeCase(reason: string): string {
  return reason.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

/** An answer in the form that kubectl prints: a Status (Kubernetes API conventions, "Response Status Kind"). */
export function status(
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): LocalReply {
  const own = ownHeaders(snakeCase(reasons[code] ?? "InternalError"));
  return statusAnswer(code, message, { ...own, ...headers });
}

/** What the cluster itself said, as a Status: its words, so that nothing marks them as the gateway's. */
export function clusterStatus(code: number, message: string): LocalReply {
  return statusAnswer(code, message, {});
}

function statusAnswer(code: number, message: string, headers: Readonly<Record<string, string>>): LocalReply {
  const body = JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: reasons[code] ?? "InternalError",
    code,
  });
  return {
    status: code,
    headers: {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "cache-control": "no-store",
      ...headers,
    },
    body,
  };
}

/** A denial as kubectl prints it: what was refused, by which rule, and how to ask. */
export function denied(denial: Denial): LocalReply {
  const { fault } = denial;
  const code = Object.keys(reasons).findLast((each) => reasons[Number(each)] === fault?.code);
  // What the cluster would refuse is said as the cluster says it, so that clients do what they do then.
  if (fault !== undefined && code !== undefined)
    return status(Number(code), fault.message, ownHeaders("denied", denial.remedy));
  return status(
    403,
    `${denial.message} (${denial.rule})\nhint: ${denial.hint}`,
    ownHeaders("denied", denial.remedy),
  );
}

/** The answer to a request whose session was refused. */
export function refusedAnswer(refusal: SessionRefused, url: string): LocalReply {
  const message = `${refusal.denial.message}\nhint: ${refusal.denial.hint}`;
  const own = ownHeaders(refusal.code, refusal.denial.remedy);
  if (refusal.code === "unauthenticated")
    return status(401, message, { ...own, ...challengeHeaders(refusal, url) });
  if (refusal.code === "no_grant") return status(403, message, own);
  return status(refusal.code === "too_many" ? 429 : 503, message, { ...own, "retry-after": "5" });
}
