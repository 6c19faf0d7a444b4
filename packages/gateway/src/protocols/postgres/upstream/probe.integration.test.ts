// tier: full
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { probe } from "./probe.ts";
import type { Target } from "../target.ts";
import { targetOf } from "../testing/target.ts";

let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const ours = (more: Readonly<Record<string, unknown>> = {}, password?: string): Target =>
  targetOf(postgres, more, password);

const never = new AbortController().signal;

/** What a probe of a target that is down says. */
async function failure(target: Target, signal = never): Promise<string> {
  return probe(target, systemClock, signal).then(
    () => {
      throw new Error("it should have failed");
    },
    (error: unknown) => (error as Error).message,
  );
}

/** A server that is no PostgreSQL. */
async function stranger(serve: (socket: Socket) => void): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("a database that answers is up, and no connection of the probe's is left", async () => {
  const { milliseconds } = await probe(ours(), systemClock, never);
  expect(milliseconds).toBeGreaterThan(0);
  // The server drops the probe's own connection a moment after it was closed.
  await postgres.run(`do $$
    begin
      for i in 1..100 loop
        perform pg_stat_clear_snapshot();
        exit when not exists (select from pg_stat_activity where application_name = 'mayfly probe');
        perform pg_sleep(0.05);
      end loop;
      if exists (select from pg_stat_activity where application_name = 'mayfly probe')
      then raise exception 'a probe is left'; end if;
    end $$`);
});

test("what keeps it from answering is said without the credential", async () => {
  const wrong = await failure(ours({}, "not-the-password-4711"));
  expect(wrong).toBe("the database refused the gateway (SQLSTATE 28P01)");
  expect(await failure(ours({ database: "nowhere" }))).toBe(
    "the database refused the gateway (SQLSTATE 3D000)",
  );
  expect(await failure(ours({ port: 1 }))).toBe(
    "the database cannot be reached: nothing listens there (ECONNREFUSED)",
  );
  expect(await failure(ours({ tls: "verify-full" }))).toMatch(/does not speak TLS/);
});

test("a stranger on the port, silent or talkative, is given up in time", async () => {
  const silent = await stranger(() => undefined);
  const late = AbortSignal.timeout(300);
  expect(await failure(ours({ port: silent.port, connect_timeout: "1m" }), late)).toMatch(
    /^the database cannot/,
  );
  silent.close();
  const babbler = await stranger((socket) => socket.write(Buffer.alloc(2_000_000, "R")));
  expect(await failure(ours({ port: babbler.port }))).toMatch(/^the database cannot/);
  babbler.close();
});
