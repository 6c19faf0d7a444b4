import { createHash } from "node:crypto";
import { valuesIn } from "../http1/dispatch.ts";
import { valuesOf } from "../request-head.ts";

/** What a server answers to a key (RFC 6455, section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** The key of a client's handshake: version 13, and 16 bytes (section 4.2.1). Undefined: it is malformed. */
export function webSocketKey(rawHeaders: readonly string[]): string | undefined {
  const [key = "", ...moreKeys] = valuesOf(rawHeaders, "sec-websocket-key");
  const [version, ...moreVersions] = valuesOf(rawHeaders, "sec-websocket-version");
  const isOne = moreKeys.length === 0 && moreVersions.length === 0;
  return isOne && version === "13" && /^[A-Za-z0-9+/]{22}==$/.test(key) ? key : undefined;
}

/**
 * Whether a server answered to this very key, and with no extension: none was offered (section 4.1).
 * @param headers names in lower case and values in turn
 */
export function isAccepted(headers: readonly string[], key: string): boolean {
  const [accept, ...more] = valuesIn(headers, "sec-websocket-accept");
  const extensions = valuesIn(headers, "sec-websocket-extensions");
  return more.length === 0 && accept === acceptOf(key) && extensions.length === 0;
}

/** The head of the answer that changes a client's connection to another protocol. */
export function switchingHead(upgrade: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Upgrade: upgrade, Connection: "Upgrade", ...headers });
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
