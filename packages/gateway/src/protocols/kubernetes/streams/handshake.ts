import { valuesIn } from "../../../gate/web/http1/dispatch.ts";
import { randomBytes } from "node:crypto";
import type { WebRequest } from "../../../gate/web/handler.ts";
import { valuesOf } from "../../../gate/web/request-head.ts";
import type { Opened } from "../../../gate/web/proxy/upgrade.ts";
import { acceptOf, isAccepted, switchingHead, webSocketKey } from "../../../gate/web/websocket/handshake.ts";
import { Cut } from "../../../gate/web/proxy/relay.ts";

/** How a client and the cluster come to speak another protocol: the same one on both sides. */
export interface Handshake {
  readonly method: "GET" | "POST";
  /** As it is asked for upstream. */
  readonly upgrade: "websocket" | "SPDY/3.1";
  /** Headers for the cluster; the key of a WebSocket is the gateway's own. */
  readonly headers: Readonly<Record<string, string>>;
  /** Checks the cluster's answer. @returns which of the protocols it chose. @throws Cut `upgrade_malformed` */
  chosen(opened: Opened): string;
  /** The answer to the client, as bytes. */
  answer(protocol: string): string;
}

const webSocketProtocols = {
  exec: ["v5.channel.k8s.io", "v4.channel.k8s.io"],
  port_forward: ["SPDY/3.1+portforward.k8s.io"],
} as const;
const words = { exec: "exec", port_forward: "port-forward" } as const;
const spdyProtocols = { exec: ["v4.channel.k8s.io"], port_forward: ["portforward.k8s.io"] } as const;

/** The values of a header that lists several, however often it stands. */
function listed(rawHeaders: readonly string[], name: string): readonly string[] {
  return valuesOf(rawHeaders, name)
    .flatMap((value) => value.split(","))
    .map((value) => value.trim());
}

/** Reads what a client offers; of that the cluster is offered what can be followed frame by frame. */
export function readHandshake(
  ask: Pick<WebRequest, "method" | "rawHeaders">,
  what: "exec" | "port_forward",
): Handshake | { readonly why: string } {
  const { rawHeaders, method } = ask;
  const upgrade = valuesOf(rawHeaders, "upgrade")[0]?.toLowerCase();
  if (upgrade === "websocket") {
    if (method !== "GET") return { why: "a WebSocket is opened with GET" };
    const key = webSocketKey(rawHeaders);
    if (key === undefined) return { why: "the WebSocket's handshake is malformed" };
    const offered = listed(rawHeaders, "sec-websocket-protocol");
    const known = webSocketProtocols[what].filter((each) => offered.includes(each));
    if (known.length === 0) return { why: `${words[what]} speaks ${webSocketProtocols[what].join(" or ")}` };
    const own = randomBytes(16).toString("base64");
    return {
      method,
      upgrade: "websocket",
      headers: {
        "sec-websocket-key": own,
        "sec-websocket-version": "13",
        "sec-websocket-protocol": known.join(", "),
      },
      chosen({ headers }) {
        const protocol = known.find((each) => each === onlyValue(headers, "sec-websocket-protocol"));
        if (!isAccepted(headers, own) || protocol === undefined) throw new Cut("upgrade_malformed");
        return protocol;
      },
      answer: (protocol) =>
        switchingHead("websocket", {
          "Sec-WebSocket-Accept": acceptOf(key),
          "Sec-WebSocket-Protocol": protocol,
        }),
    };
  }
  if (upgrade !== "spdy/3.1") return { why: `${words[what]} needs a WebSocket, or SPDY/3.1` };
  if (method !== "POST") return { why: "SPDY is opened with POST" };
  const offered = listed(rawHeaders, "x-stream-protocol-version");
  const known = spdyProtocols[what].filter((each) => offered.includes(each));
  if (known.length === 0) return { why: `${words[what]} speaks ${spdyProtocols[what].join(" or ")}` };
  return {
    method,
    upgrade: "SPDY/3.1",
    headers: { "x-stream-protocol-version": known.join(", ") },
    chosen({ headers }) {
      const protocol = known.find((each) => each === onlyValue(headers, "x-stream-protocol-version"));
      if (protocol === undefined) throw new Cut("upgrade_malformed");
      return protocol;
    },
    answer: (protocol) => switchingHead("SPDY/3.1", { "X-Stream-Protocol-Version": protocol }),
  };
}

/** The value of a header that stands once. */
function onlyValue(headers: readonly string[], name: string): string | undefined {
  const [value, ...more] = valuesIn(headers, name);
  return more.length === 0 ? value : undefined;
}
