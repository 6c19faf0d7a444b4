// tier: full
import { createServer, connect as dial } from "node:net";
import { once } from "node:events";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { createPlainTables } from "./plain-tables.ts";
import { scopeSchema } from "../scope.ts";
import { type Target, targetSchema } from "../target.ts";
import { createFakeGate, testGrant, testSecret } from "../testing/fake-gate.ts";
import { listenWire, makeCertificate } from "../testing/wire.ts";
import { connectUpstream, type Upstream } from "./connect.ts";

let server: EmbeddedPostgres;
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startPostgres();
  await server.run(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.plain (id int PRIMARY KEY, n int CHECK (n > 0), note text DEFAULT upper('x'), "at" timestamptz DEFAULT now());
    CREATE INDEX ON shop.plain (lower(note));
    CREATE TABLE shop.referring (id int REFERENCES shop.plain);
    CREATE TABLE shop.parts (id int) PARTITION BY RANGE (id);
    CREATE TABLE shop.part PARTITION OF shop.parts FOR VALUES FROM (0) TO (9);
    CREATE TYPE shop.mood AS ENUM ('good', 'bad');
    CREATE TABLE shop.moods (id int, mood shop.mood);

    CREATE TABLE shop.secrets (pin text);
    CREATE FUNCTION shop.watch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
    CREATE FUNCTION shop.check(text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN true; END$$;
    CREATE OPERATOR shop.? (RIGHTARG = text, FUNCTION = shop.check);
    CREATE VIEW shop.view AS SELECT 1 AS id;
    CREATE TABLE shop.triggered (id int);
    CREATE TRIGGER watch BEFORE INSERT ON shop.triggered FOR EACH ROW EXECUTE FUNCTION shop.watch();
    CREATE TABLE shop.checked (pin text CHECK (shop.check(pin)));
    CREATE TABLE shop.operated (pin text CHECK (OPERATOR(shop.?) pin));
    CREATE TABLE shop.computed (a int, b int GENERATED ALWAYS AS (a + 1) STORED);
    CREATE TABLE shop.policed (id int);
    ALTER TABLE shop.policed ENABLE ROW LEVEL SECURITY;
    CREATE TABLE shop.split (id int) PARTITION BY RANGE (id);
    CREATE TABLE shop.piece PARTITION OF shop.split FOR VALUES FROM (0) TO (9);
    CREATE TRIGGER watch BEFORE INSERT ON shop.piece FOR EACH ROW EXECUTE FUNCTION shop.watch();
    CREATE TABLE shop.parent (id int);
    CREATE TABLE shop.child (pin text CHECK (shop.check(pin))) INHERITS (shop.parent);
    CREATE TABLE shop.older (id int);
    CREATE TABLE shop.younger (pin text) INHERITS (shop.older);
    CREATE TABLE shop.one_side (id int);
    CREATE TABLE shop.other_side (pin text);
    CREATE TABLE shop.both_sides () INHERITS (shop.one_side, shop.other_side);
    CREATE DOMAIN shop.pin AS text CHECK (shop.check(VALUE));
    CREATE TABLE shop.typed (pin shop.pin);
    CREATE TABLE shop.listed (pins shop.pin[]);
    CREATE FUNCTION shop.route(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN 1; END$$;
    CREATE TABLE shop.routed (id int) PARTITION BY LIST (shop.route(id));
    CREATE TABLE shop.routed_one PARTITION OF shop.routed DEFAULT;
    CREATE TYPE shop.weather AS ENUM ('fair');
    CREATE FUNCTION shop.told(shop.weather) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'x'; END$$;
    CREATE CAST (shop.weather AS text) WITH FUNCTION shop.told(shop.weather);
    CREATE TABLE shop.cast_away (w shop.weather);
    CREATE TYPE shop.size AS ENUM ('small');
    CREATE FUNCTION shop.measure(box) RETURNS shop.size LANGUAGE sql AS $$SELECT 'small'::shop.size$$;
    CREATE CAST (box AS shop.size) WITH FUNCTION shop.measure(box) AS ASSIGNMENT;
    CREATE TABLE shop.cast_here (s shop.size);
    CREATE TYPE shop.pair AS (a int);
    CREATE FUNCTION shop.cmp(shop.pair, shop.pair) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 0; END$$;
    CREATE OPERATOR CLASS shop.pairs DEFAULT FOR TYPE shop.pair USING btree AS OPERATOR 1 <(record, record), FUNCTION 1 shop.cmp(shop.pair, shop.pair);
    CREATE TABLE shop.sorted (p shop.pair);
    CREATE TABLE shop.followed (id int PRIMARY KEY);
    CREATE TABLE shop.following (id int REFERENCES shop.followed ON UPDATE CASCADE CHECK (id > 0), pin text);
    CREATE TABLE shop.cleared (id int PRIMARY KEY);
    CREATE TABLE shop.clearing (id int REFERENCES shop.cleared ON DELETE SET NULL, pin text);`);
});

afterAll(() => server.stop());

function targetOf(port = server.port): Target {
  const target = targetSchema.parse({
    host: server.host,
    port,
    database: "postgres",
    user: server.user,
    password: { env: "UNUSED" },
    tls: "disable",
  });
  target.password?.load(server.password);
  return target;
}

async function connected<T>(work: (upstream: Upstream, target: Target) => Promise<T>): Promise<T> {
  const target = targetOf();
  const upstream = await connectUpstream(target, new Map(), systemClock, never);
  try {
    return await work(upstream, target);
  } finally {
    upstream.socket.destroy();
  }
}

const readPlainTables = createPlainTables(systemClock);
const plainAmong = (...tables: readonly string[]): Promise<readonly string[]> =>
  connected(async ({ socket }, target) => {
    const names = new Set(tables.map((table) => `shop.${table}`));
    const plain = await readPlainTables(socket, target, names, never);
    return tables.filter((table) => plain.has(`shop.${table}`));
  });

describe("whether nothing stands behind tables", () => {
  it.each([
    ["plain"],
    ["referring"],
    ["parts"],
    ["moods"],
    ["plain", "referring", "parts"],
    ["followed", "following"],
    ["older", "younger"],
    ["other_side", "one_side"],
  ])("is so of %s %s", async (...tables) => {
    expect(await plainAmong(...tables)).toEqual(tables);
  });

  it.each([
    ..."view triggered checked operated computed policed split parent older one_side typed listed followed cleared routed cast_away cast_here sorted".split(
      " ",
    ),
    "missing",
  ])("is not so of %s", async (table) => {
    expect(await plainAmong("plain", table)).toEqual(["plain"]);
  });

  it("is not so when nobody answers, and that is not kept for others", async () => {
    await connected(async ({ socket }, target) => {
      socket.destroy();
      expect(await readPlainTables(socket, target, new Set(["shop.plain"]), never)).toEqual(new Set());
      // Its socket has closed: nothing tells so a second time.
      expect(await readPlainTables(socket, target, new Set(["shop.plain"]), never)).toEqual(new Set());
      const other = await connectUpstream(target, new Map(), systemClock, never);
      expect(await readPlainTables(other.socket, target, new Set(["shop.plain"]), never)).toEqual(
        new Set(["shop.plain"]),
      );
      other.socket.destroy();
    });
  });
});

it("ends a session whose database goes away while it is asked", async () => {
  const between = createServer((near) => {
    const far = dial(server.port, server.host);
    near.on("data", (bytes) => {
      // The gateway's first question of a session.
      if (bytes.includes("WITH RECURSIVE")) far.destroy();
      else far.write(bytes);
    });
    far.on("data", (bytes) => near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
    }
  });
  between.listen(0, "127.0.0.1");
  await once(between, "listening");
  const address = between.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const certificate = await makeCertificate();
  const scope = scopeSchema.parse({ statements: ["select"], tables: { "shop.plain": "all" } });
  const gate = createFakeGate({ target: targetOf(address.port), scopes: [{ name: "shop/x", scope }] });
  const wire = await listenWire(gate, certificate);
  const client = new pg.Client({
    host: "127.0.0.1",
    port: wire.port,
    user: testGrant,
    password: testSecret,
    database: "shop",
  });
  await expect(client.connect()).rejects.toMatchObject({ code: "08006" });
  wire.close();
  between.close();
  certificate.remove();
});
