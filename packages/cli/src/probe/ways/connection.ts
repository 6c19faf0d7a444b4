import { createConnection, isIPv6, type NetConnectOpts } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { connect as startTls, type TLSSocket } from "node:tls";
import { TryEnded, whyEnded, whyNotConnected } from "./finding.ts";

/** More than this no answer needs, bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

const NO_IPV6 = new TryEnded("unreachable", "no IPv6 here");

/** A host without IPv6 has no address to connect from. Elsewhere that says that its ports are used up (ip(7)). */
function hasNoSuchNetwork(to: NetConnectOpts, error: unknown): boolean {
  const isLacking = error instanceof Error && "code" in error && error.code === "EADDRNOTAVAIL";
  if (!isLacking || !("host" in to) || !isIPv6(to.host ?? "")) return false;
  return !Object.values(networkInterfaces())
    .flat()
    .some((each) => each?.family === "IPv6" && !each.internal);
}

/**
 * Says that something took too long, once what has come meanwhile was looked at: on a host that stands still for a while the
 * timer would come first.
 * @returns takes it back
 */
function whenLate(ms: number, late: () => void): () => void {
  let next: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    next = setImmediate(() => {
      next = setImmediate(late);
    });
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(next);
  };
}

const seconds = (ms: number): string => `${ms / 1000} s`;

/**
 * Connects to an address or a socket's file.
 * @param ms how long the other side may take
 * @throws TryEnded
 */
export function dial(to: NetConnectOpts, ms: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(to);
    const give = (error: unknown): void => {
      socket.destroy();
      reject(hasNoSuchNetwork(to, error) ? NO_IPV6 : whyNotConnected(error));
    };
    const inTime = whenLate(ms, () => give(new TryEnded("timeout", `no answer in ${seconds(ms)}`)));
    socket.once("error", give);
    socket.once("connect", () => {
      inTime();
      socket.off("error", give);
      // From here on whoever reads hears of it.
      socket.on("error", () => undefined);
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.once("close", inTime);
  });
}

/**
 * Puts TLS over a connection. Who the other side is does not matter here: nothing secret is sent.
 * @param name the host's name, where it has one
 * @throws TryEnded
 */
export function secured(connection: Duplex, name: string | undefined, ms: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = startTls({
      socket: connection,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
      ...(name === undefined ? {} : { servername: name }),
    });
    const give = (error: unknown): void => {
      socket.destroy();
      connection.destroy();
      reject(whyEnded(error));
    };
    const inTime = whenLate(ms, () =>
      give(new TryEnded("silent", `takes the connection, and no TLS comes in ${seconds(ms)}`)),
    );
    const closed = (): void => give(new TryEnded("reset", "takes the connection, and ends it before TLS"));
    socket.once("error", give);
    socket.once("close", closed);
    socket.once("secureConnect", () => {
      inTime();
      socket.off("error", give);
      socket.off("close", closed);
      socket.on("error", () => undefined);
      resolve(socket);
    });
    socket.once("close", inTime);
  });
}

/**
 * Sends bytes and reads until the answer makes sense. What comes behind it is put back.
 * @param read what the bytes so far say, and how many of them say it; undefined: not enough yet
 * @throws TryEnded when the other side is silent, ends or says too much; and whatever `read` throws
 */
export function ask<T>(
  connection: Duplex,
  bytes: Buffer | string,
  read: (soFar: Buffer) => { readonly says: T; readonly length: number } | undefined,
  ms: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let soFar: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      inTime();
      connection.off("data", take);
      connection.off("error", fail);
      connection.off("end", end);
      connection.off("close", end);
    };
    const fail = (error: unknown): void => {
      stop();
      reject(whyEnded(error));
    };
    const end = (): void =>
      fail(new TryEnded("reset", "takes the connection, and ends it without an answer"));
    const take = (chunk: Buffer): void => {
      soFar = Buffer.concat([soFar, chunk]);
      try {
        const found = read(soFar);
        if (found !== undefined) {
          stop();
          connection.pause();
          if (found.length < soFar.length) connection.unshift(soFar.subarray(found.length));
          resolve(found.says);
        } else if (soFar.length > MAX_ANSWER_BYTES) fail(new TryEnded("other", "answers without an end"));
      } catch (error) {
        fail(error);
      }
    };
    const inTime = whenLate(ms, () =>
      fail(new TryEnded("silent", `takes the connection, and says nothing in ${seconds(ms)}`)),
    );
    connection.on("data", take);
    connection.once("error", fail);
    connection.once("end", end);
    connection.once("close", end);
    connection.resume();
    connection.write(bytes);
  });
}
