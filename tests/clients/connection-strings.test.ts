// tier: full
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createMayfly } from "@mayfly/sdk";
import { getAccess } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waysIn } from "../../packages/cli/src/ways-in.ts";
import { python3 } from "./clients.ts";
import { startClientWorld, type ClientWorld } from "./world.ts";

// The ready-made connection string, as each client takes it, where the gateway's certificate is from its own CA.

let world: ClientWorld;
let dsn: string;
beforeAll(async () => {
  world = await startClientWorld();
  const access = await getAccess(world.gateway, await world.token(), "shop", ["narrow-read"]);
  dsn = waysIn({ protocol: "postgres", ...access }, world.gateway.caFile).dsn ?? "";
});
afterAll(() => world.stop());

/** Runs a program that finds the connection string and the CA's file in DSN and CA; gives what it printed. */
function output(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<string> {
  const [program = "", ...args] = command;
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  const env = { ...Object.fromEntries(kept), DSN: dsn, CA: world.gateway.caFile, ...more };
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let [out, error] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (error += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(out + error));
  });
}

const node = (script: string): readonly string[] => ["node", "--input-type=module", "-e", script];
const select = "select count(*)::int as n from customer";
const withPostgresJs = (ssl: string): readonly string[] =>
  node(`import { readFileSync } from "node:fs"; import postgres from "postgres";
const sql = postgres(process.env.DSN${ssl}); console.log((await sql\`${select}\`)[0].n); await sql.end();`);
const python = (script: string): readonly string[] => [python3, "-c", script];

const ways: Readonly<Record<string, readonly string[]>> = {
  psql: ["sh", "-c", `psql "$DSN" -Atc '${select}'`],
  "node-postgres": node(`import pg from "pg";
const client = new pg.Client({ connectionString: process.env.DSN }); await client.connect();
console.log((await client.query("${select}")).rows[0].n); await client.end();`),
  "postgres.js, given the CA": withPostgresJs(', { ssl: { ca: readFileSync(process.env.CA, "utf8") } }'),
  "psycopg 3": python(`import os, psycopg
print(psycopg.connect(os.environ["DSN"]).execute("${select}").fetchone()[0])`),
  psycopg2: python(`import os, psycopg2
cursor = psycopg2.connect(os.environ["DSN"]).cursor()
cursor.execute("${select}")
print(cursor.fetchone()[0])`),
  asyncpg: python(`import asyncio, os, asyncpg
async def main():
    connection = await asyncpg.connect(os.environ["DSN"])
    print(await connection.fetchval("${select}"))
    await connection.close()
asyncio.run(main())`),
};

describe("the connection string that mayfly prints", () => {
  test.each(Object.keys(ways))("%s", async (name) => {
    expect(await output(ways[name] ?? [])).toMatch(/^\d+\n$/u);
  });

  test("postgres.js, where Node trusts the CA, and not where nothing does", async () => {
    const plain = withPostgresJs("");
    expect(await output(plain, { NODE_EXTRA_CA_CERTS: world.gateway.caFile })).toMatch(/^\d+\n$/u);
    expect(await output(plain)).toMatch(/self-signed certificate|unable to (?:get|verify)/u);
  });
});

describe("the SDK, as docs/sdk.md shows it", () => {
  const ask = {
    connection: "shop",
    operations: ["narrow-read"],
    reason: "TICKET-123: late parcel",
    ttl: "2m",
  };

  test("node-postgres and postgres.js", async () => {
    const page = readFileSync(path.join(root, "docs/sdk.md"), "utf8");
    expect(page).toContain("new Client(access.postgres());");
    const ca = readFileSync(world.gateway.caFile, "utf8");
    const mayfly = createMayfly({ url: world.gateway.url, ca, token: () => world.token() });
    const both = await mayfly.withGrant(ask, async (access) => {
      const db = new pg.Client(access.postgres());
      await db.connect();
      const { rows } = await db.query("select 1 as one where $1 = 42", [42]);
      await db.end();
      const sql = postgres(access.postgres());
      const more = await sql`select 1 as one`;
      await sql.end();
      return [...rows, ...more];
    });
    expect(both).toEqual([{ one: 1 }, { one: 1 }]);
  });
});
