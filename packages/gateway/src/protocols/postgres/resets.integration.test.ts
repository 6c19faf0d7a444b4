// tier: gate
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate } from "./testing/fake-gate.ts";
import { pgClient } from "./testing/pg-client.ts";
import { targetOf } from "./testing/target.ts";
import { listenWire, makeCertificate, type Listening, type TestCertificate } from "./testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  wire = await listenWire(createFakeGate({ target: targetOf(postgres) }), certificate);
});
afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
});

async function connected(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = pgClient(wire, certificate, options);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const names = [
  "search_path",
  "standard_conforming_strings",
  "client_encoding",
  "default_transaction_read_only",
  "application_name",
  "timezone",
];

/** Settings as a session sees them now. */
async function settings(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query(
    `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`,
  );
  return rows[0] as Record<string, string>;
}

const timeout = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query(
    "select setting::int as ms from pg_settings where name = 'statement_timeout'",
  );
  return (rows[0] as { ms: number }).ms;
};

test.each(["DISCARD ALL", "RESET ALL", "SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL"])(
  "%s goes back to what the gateway gave",
  async (reset) => {
    const client = await connected();
    try {
      const before = await settings(client);
      await client.query(
        "SET timezone = 'Asia/Tokyo'; SET application_name = 'mine'; SET statement_timeout = '5s'",
      );
      expect(await settings(client)).toMatchObject({ timezone: "Asia/Tokyo", application_name: "mine" });
      expect(await timeout(client)).toBe(5000);
      await client.query(reset);
      expect(await settings(client)).toEqual(before);
      // Back to what the grant has left, and no longer.
      expect(await timeout(client)).toBeGreaterThan(5000);
      expect(await timeout(client)).toBeLessThan(3_600_001);
    } finally {
      await client.end();
    }
  },
);

test("a statement that DISCARD ALL dropped is not there any more, and may be prepared anew", async () => {
  const client = await connected();
  try {
    const named = { name: "one", text: "select 1 as n" };
    await client.query(named);
    await client.query("DISCARD ALL");
    await expect(client.query("EXECUTE one")).rejects.toMatchObject({ code: "26000" });
    expect((await client.query({ ...named, name: "two" })).rows).toEqual([{ n: 1 }]);
  } finally {
    await client.end();
  }
});

test("a time-out that is undone with its transaction leaves the gateway's own", async () => {
  const client = await connected();
  try {
    const own = await timeout(client);
    await client.query("BEGIN; SET statement_timeout = '7s'");
    expect(await timeout(client)).toBe(7000);
    await client.query("ROLLBACK");
    expect(await timeout(client)).toBeGreaterThan(7000);
    await client.query("BEGIN; SET LOCAL statement_timeout = '8s'");
    expect(await timeout(client)).toBe(8000);
    await client.query("COMMIT");
    expect(await timeout(client)).toBeGreaterThan(8000);
    await expect(client.query("SET statement_timeout = '9s'; select 1/0")).rejects.toMatchObject({
      code: "22012",
    });
    expect(await timeout(client)).toBeGreaterThan(9000);
    expect(await timeout(client)).toBeLessThanOrEqual(own);
    // None at all lasts until the next statement: the grant's end bounds that one again.
    await client.query("SET statement_timeout = 0");
    expect(await timeout(client)).toBeGreaterThan(0);
  } finally {
    await client.end();
  }
});

test("start-up settings hold, and are what a reset goes back to", async () => {
  const client = await connected({
    options: "-c timezone=Asia/Tokyo -c client_min_messages=warning",
    statement_timeout: 5000,
    lock_timeout: 1000,
  });
  try {
    expect(await settings(client)).toMatchObject({ timezone: "Asia/Tokyo" });
    expect(await timeout(client)).toBe(5000);
    await client.query("SET timezone = 'UTC'; SET statement_timeout = '2s'; RESET ALL");
    expect(await settings(client)).toMatchObject({ timezone: "Asia/Tokyo" });
    expect(await timeout(client)).toBe(5000);
  } finally {
    await client.end();
  }
});
