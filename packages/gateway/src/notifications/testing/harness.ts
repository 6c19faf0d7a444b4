import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAuditFeed, type AuditFeed } from "../../audit/index/feed.ts";
import type { AuditRecord, NewRecord } from "../../audit/records.ts";
import { grantModel } from "../../grants/states.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { openStore, type Store } from "../../storage/store.ts";

/** A clock on which time runs so many times faster than outside. */
export function hurriedClock(times: number): Clock {
  const started = performance.now();
  const wall = Date.now();
  const passed = (): number => (performance.now() - started) * times;
  return {
    wall: () => Math.round(wall + passed()),
    monotonic: passed,
    // Never before its time, as the system's own: a millisecond too early would be many of these.
    schedule: (ms, run) => systemClock.schedule(ms / times, run),
  };
}

/** A log in memory, its feed, and a store in a file. */
export interface TestLog {
  readonly clock: Clock;
  readonly records: AuditRecord[];
  readonly feed: AuditFeed;
  readonly reader: { read(seq: number, limit: number): Promise<readonly AuditRecord[]> };
  readonly store: Store;
  write(...records: NewRecord[]): void;
  /** Ends the feed and begins another, as a gateway that is started again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one. */
export async function openTestLog(clock: Clock): Promise<TestLog> {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-notify-"));
  const store = await openStore({ kind: "sqlite", file: path.join(folder, "test.db") }, grantModel);
  const records: AuditRecord[] = [];
  const reader = { read: async (seq: number, limit: number) => records.slice(seq, seq + limit) };
  const newFeed = (): AuditFeed => createAuditFeed({ reader, written: () => records.length, clock });
  let feed = newFeed();
  return {
    clock,
    records,
    get feed() {
      return feed;
    },
    reader,
    store,
    write(...news) {
      for (const record of news)
        records.push({ ...record, seq: records.length, time: new Date(clock.wall()).toISOString() });
    },
    async restart() {
      await feed.close();
      feed = newFeed();
    },
    async close() {
      await feed.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** One call that a receiver got. */
export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly url: string;
}

/** A receiver on the loopback address. */
export interface Receiver {
  readonly url: string;
  readonly calls: ReceivedCall[];
  close(): Promise<void>;
}

/** Starts a receiver. @param answer the `n`th call's answer, from 1 */
export async function startReceiver(
  answer: (response: ServerResponse, n: number, request: IncomingMessage) => void = (response) =>
    response.writeHead(204).end(),
): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls.push({
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        url: request.url ?? "",
      });
      answer(response, calls.length, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Waits until something holds; fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
