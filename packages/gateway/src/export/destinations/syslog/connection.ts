import { isIP } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Clock } from "../../../kernel/clock.ts";
import { messageOf } from "../../../kernel/errors.ts";
import type { SyslogTarget } from "../../../kernel/export-settings.ts";

/** A connection to a receiver of syslog. Nothing throws: what went wrong is told in words. */
export interface SyslogConnection {
  /** Why nothing can be sent any more; undefined while it can. */
  readonly broken: string | undefined;
  /** Resolves once the operating system has taken all of it. @returns what went wrong */
  write(bytes: Buffer): Promise<string | undefined>;
  /**
   * Ends it and waits until the receiver does so as well, which it does once it has read everything (RFC 5425, section 4.4).
   * @returns what went wrong: then it is not known what was read
   */
  finish(): Promise<string | undefined>;
  destroy(): void;
}

/** Connecting may take so long, TLS included, milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A receiver that takes nothing for so long is taken for dead, milliseconds. */
const WRITE_TIMEOUT_MS = 30_000;
/** Reading what is on its way, and closing, may take so long, milliseconds. */
const FINISH_TIMEOUT_MS = 30_000;
/** An idle connection is probed after this time: a receiver whose machine is gone is noticed within 20 s. */
const KEEP_ALIVE_MS = 10_000;
/** Receivers of syslog say nothing: one that says more than this is none. */
const MAX_RECEIVED_BYTES = 16_384;

const stops = "the gateway stops";

/**
 * Connects, and verifies the receiver's certificate.
 * @param signal ends connecting, and whatever the connection waits for when it aborts
 * @returns what went wrong, in words
 */
export function connectSyslog(
  { host, port, ca, certificate, key }: Omit<SyslogTarget, "kind" | "resend">,
  clock: Clock,
  signal: AbortSignal,
): Promise<SyslogConnection | string> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(stops);
      return;
    }
    const socket = connectTls({
      host,
      port,
      minVersion: "TLSv1.2",
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key: key.reveal() }),
    });
    const connection = connectionOf(socket, clock, signal);
    const stop = (): void => end(stops);
    const cancel = clock.schedule(CONNECT_TIMEOUT_MS, () =>
      end(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`),
    );
    function end(why?: string): void {
      cancel();
      signal.removeEventListener("abort", stop);
      socket.off("close", closed);
      if (why === undefined) resolve(connection);
      else {
        connection.destroy();
        resolve(why);
      }
    }
    const closed = (): void => end(connection.broken ?? "the receiver closed the connection");
    signal.addEventListener("abort", stop);
    socket.once("close", closed);
    socket.once("secureConnect", () => {
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      end();
    });
  });
}

function connectionOf(socket: TLSSocket, clock: Clock, signal: AbortSignal): SyslogConnection {
  let broken: string | undefined;
  let isFinishing = false;
  let received = 0;
  let heard: (() => void) | undefined;

  function fail(why: string): void {
    broken ??= why;
    socket.destroy();
    heard?.();
  }
  socket.on("error", (error: unknown) => fail(wordsOf(error)));
  socket.on("end", () => {
    if (!isFinishing) fail("the receiver closed the connection");
  });
  socket.on("close", () => {
    if (!isFinishing) fail("the connection was closed");
    heard?.();
  });
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received > MAX_RECEIVED_BYTES) fail("what answers there is no receiver of syslog");
  });

  /** Waits for something, for the end of the connection, or for so long. */
  function within(ms: number, late: string, begin: (done: () => void) => void): Promise<string | undefined> {
    return new Promise((resolve) => {
      const cancel = clock.schedule(ms, () => fail(late));
      const stop = (): void => fail(stops);
      signal.addEventListener("abort", stop);
      heard = () => {
        heard = undefined;
        cancel();
        signal.removeEventListener("abort", stop);
        resolve(broken);
      };
      begin(() => heard?.());
      if (broken !== undefined) heard?.();
    });
  }

  return {
    get broken() {
      return broken;
    },
    write: (bytes) =>
      within(WRITE_TIMEOUT_MS, `the receiver took nothing for ${WRITE_TIMEOUT_MS / 1000} s`, (done) => {
        // An error comes with its own event as well.
        if (broken === undefined) socket.write(bytes, () => done());
      }),
    finish() {
      isFinishing = true;
      const late = `the receiver did not close the connection within ${FINISH_TIMEOUT_MS / 1000} s of its end`;
      return within(FINISH_TIMEOUT_MS, late, () => socket.end());
    },
    destroy: () => fail(stops),
  };
}

function wordsOf(error: unknown): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return messageOf(inner)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .slice(0, 200);
}
