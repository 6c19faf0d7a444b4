import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** What has to be there of an answer before its status is known: `HTTP/1.1 100`. */
const STATUS_BYTES = 12;

/** Follows the answers on one connection of HTTP/1.1. */
interface Follower {
  /** A request was sent: its answer's head comes next, and interim ones before it. */
  expect(): void;
}

const followers = new WeakMap<object, Follower>();
let isSubscribed = false;

/**
 * Lets a server send 100 (Continue) unasked, as it may (RFC 9110, section 15.2: a client must be able to parse interim
 * responses it did not expect, and may ignore them). undici takes one for a broken connection, and other interim answers for
 * what they are: what it reads is a 102 in its place. Only the status of a head is touched, and only before the final one.
 */
export function tolerateContinue(socket: Socket): void {
  if (!isSubscribed) {
    isSubscribed = true;
    subscribe("undici:client:sendHeaders", (message) => {
      followers.get((message as { socket: object }).socket)?.expect();
    });
  }
  let isExpecting = false;
  let left: Buffer = Buffer.alloc(0);
  followers.set(socket, {
    expect() {
      isExpecting = true;
    },
  });
  /** Walks over interim heads. What of the bytes can be told now, and what has to wait. */
  const follow = (bytes: Buffer): { readonly told: Buffer; readonly rest: Buffer } => {
    for (let at = 0; ;) {
      if (bytes.length - at < STATUS_BYTES) return { told: bytes.subarray(0, at), rest: bytes.subarray(at) };
      const status = bytes.toString("latin1", at, at + STATUS_BYTES);
      if (!/^HTTP\/1\.[01] 1(?!01)\d\d$/.test(status)) {
        isExpecting = false;
        return { told: bytes, rest: Buffer.alloc(0) };
      }
      const end = bytes.indexOf("\r\n\r\n", at);
      // A head that is not whole is small: undici's own bound on heads waits behind this one.
      if (end === -1 && bytes.length - at < MAX_INTERIM_BYTES)
        return { told: bytes.subarray(0, at), rest: bytes.subarray(at) };
      if (status.endsWith("100")) bytes.write("102", at + 9, "latin1");
      if (end === -1) return { told: bytes, rest: Buffer.alloc(0) };
      at = end + 4;
    }
  };
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    for (;;) {
      const chunk: unknown = read(size);
      if (!isExpecting || !(chunk instanceof Buffer)) {
        if (isExpecting || left.length === 0) return chunk;
        // It became clear meanwhile that nothing is to be told of what waits.
        const whole = chunk instanceof Buffer ? Buffer.concat([left, chunk]) : left;
        left = Buffer.alloc(0);
        return whole;
      }
      const { told, rest } = follow(left.length === 0 ? chunk : Buffer.concat([left, chunk]));
      left = rest;
      if (told.length > 0) return told;
    }
  };
}

/** The largest interim head that is waited for, bytes. */
const MAX_INTERIM_BYTES = 65_536;
