import { type Objection, neverGranted, wrong } from "../../gate/hints.ts";
import type { KubernetesAct } from "./act.ts";
import type { KubernetesRequest } from "./request/read.ts";

/** Go upstream as they came. */
const forwarded: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "audit-id",
  "cache-control",
  "content-type",
  "if-none-match",
  "if-match",
  "kubectl-command",
  "kubectl-session",
  "traceparent",
  "tracestate",
  "user-agent",
]);

/** Of the client's connection with the gateway, or what kubectl adds by itself. */
const dropped: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "dpop",
  "expect",
  "host",
  "mayfly-grant",
  "origin",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "transfer-encoding",
  "upgrade",
  "x-stream-protocol-version",
]);

/** Whether a header goes upstream. @param name in lower case */
export function goesUp(name: string): boolean {
  return forwarded.has(name);
}

const connectionOptions: readonly string[] = ["", "close", "keep-alive", "upgrade"];

/** Whether a `Connection` header asks for what its sender may, and names no header (RFC 9110, section 7.6.1). */
function isPlainConnection(value: string): boolean {
  return value.split(",").every((option) => connectionOptions.includes(option.trim().toLowerCase()));
}

/** Why a request's headers are refused, or undefined. Impersonation, the first of them, is the gateway's alone. */
export function judgeHeaders(act: KubernetesAct, request: KubernetesRequest): Objection | undefined {
  const seen = new Set<string>();
  for (let i = 0; i + 1 < act.headers.length; i += 2) {
    const name = (act.headers[i] ?? "").toLowerCase();
    if (name.startsWith("impersonate-")) return neverGranted("impersonation is the gateway's alone");
    if (!forwarded.has(name) && !dropped.has(name))
      return wrong(`the header ${name.slice(0, 60)} is not taken here`);
    if (name === "connection" && !isPlainConnection(act.headers[i + 1] ?? ""))
      return wrong("the Connection header names other headers");
    // A credential in another place than the one that is checked.
    if (name === "sec-websocket-protocol" && /bearer/i.test(act.headers[i + 1] ?? ""))
      return wrong("a bearer among the WebSocket's protocols is not taken");
    // A protobuf answer can be neither read nor masked; a body in it neither judged.
    if (/protobuf/i.test(act.headers[i + 1] ?? "") && (name === "accept" || name === "content-type"))
      if (name === "content-type")
        return wrong(
          "protobuf is not taken here; send JSON (kubectl create … --dry-run=client -o json | kubectl create -f -)",
        );
      else if (!/json/i.test(act.headers[i + 1] ?? ""))
        return wrong("protobuf is not taken here; ask for JSON");
    if (
      seen.has(name) &&
      name !== "accept" &&
      name !== "sec-websocket-protocol" &&
      name !== "x-stream-protocol-version"
    )
      return wrong(`the header ${name} stands twice`);
    seen.add(name);
  }
  if (act.upgrade !== undefined && act.upgrade !== "websocket" && act.upgrade !== "spdy/3.1")
    return neverGranted(`upgrading to ${act.upgrade.slice(0, 20)} is never granted`);
  if (act.upgrade !== undefined && (request.kind !== "resource" || request.verb !== "connect"))
    return wrong("only exec and port-forward upgrade the connection");
  return undefined;
}
