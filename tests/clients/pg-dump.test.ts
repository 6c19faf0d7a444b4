// tier: full
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { getAccess } from "@mayfly/testing/api.ts";
import { startConfiguredGateway, type ConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// pg_dump of what is granted, beside the same dump on a direct connection. It takes no server that is newer than itself,
// so that the server is the one that came with it.

const here = import.meta.dirname;
const agent = "0oadumps";
/** Debian has them beside its wrappers; what was unpacked is in PATH. */
const installed = "/usr/lib/postgresql";
const bin = [
  ...(process.env["PATH"] ?? "").split(path.delimiter),
  ...(existsSync(installed)
    ? readdirSync(installed).map((version) => path.join(installed, version, "bin"))
    : []),
].find((folder) => ["initdb", "postgres", "pg_dump"].every((name) => existsSync(path.join(folder, name))));
// Set-up installs it where it may: as root it may not be missing.
const isHere = bin !== undefined || process.getuid?.() === 0;

const scope = (tables: string, catalog = "granted"): string =>
  `{ statements: [select, copy_to], tables: { ${tables} }, types: [public.mood], catalog: ${catalog} }`;
const both = "public.customer: all, public.item: all";

let postgres: EmbeddedPostgres;
let configured: ConfiguredGateway;
let token: string;
let direct: Readonly<Record<string, string>>;

beforeAll(async () => {
  if (!isHere) return;
  if (bin === undefined)
    throw new Error("no pg_dump with its server is here; hint: apt-get install postgresql");
  postgres = await startPostgres({ native: path.dirname(bin) });
  await postgres.run("create database shop");
  await postgres.run(readFileSync(path.join(here, "schema.sql"), "utf8"), "shop");
  await postgres.run(readFileSync(path.join(here, "rows.sql"), "utf8"), "shop");
  await postgres.run(
    `grant select on all sequences in schema public to mayfly;
     comment on column item.sku is 'as on the shelf'; alter table item add check (price >= 0);
     create view cheap as select id from item where price < 5; create statistics more on sku, price from item;
     create function audit() returns trigger language plpgsql as 'begin return new; end';
     create trigger audited before insert on payroll for each row execute function audit();`,
    "shop",
  );
  const password = "only-the-gateway-knows";
  configured = await startConfiguredGateway({
    name: "dumps",
    agents: { [agent]: ["dumps"] },
    postgres: "tls",
    environment: { SHOP_PASSWORD: password },
    configuration: `connections:
  shop:
    postgres: { host: 127.0.0.1, port: ${postgres.port}, database: shop, user: mayfly, password: { env: SHOP_PASSWORD }, tls: disable }
    operations:
      structure: ${scope(both)}
      rows: ${scope(`${both}, public.customer_id_seq: all, public.item_id_seq: all`)}
      part: ${scope("public.customer: [id, email]")}
      closed: ${scope(both, "false")}
policies:
  - { name: dumps, groups: [dumps], connection: shop, operations: [structure, rows, part, closed], ttl: 10m }
`,
  });
  token = await configured.okta.tokenFor({ agent });
  direct = {
    PGHOST: "127.0.0.1",
    PGPORT: String(postgres.port),
    PGUSER: "mayfly",
    PGPASSWORD: password,
    PGDATABASE: "shop",
  };
});
afterAll(async () => {
  await configured?.stop();
  await postgres?.stop();
});

function dump(env: Readonly<Record<string, string>>, args: readonly string[]): string {
  const done = spawnSync(
    path.join(bin ?? "", "pg_dump"),
    ["--no-owner", "--no-privileges", "--enable-row-security", ...args],
    {
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", ...env },
      encoding: "utf8",
    },
  );
  // A dump is told from others by a random key (\\restrict).
  return `${done.status}\n${done.stderr}${done.stdout}`.replaceAll(/(?<=^\\(?:un)?restrict ).*$/gmu, "KEY");
}

/** What it is made of: the order of tables follows from dependencies of things that are not granted too. */
const parts = (text: string): readonly string[] => text.split("\n--\n-- Name: ").toSorted();

async function through(operation: string): Promise<Readonly<Record<string, string>>> {
  const { env } = await getAccess(configured.gateway, token, "shop", [operation]);
  return { ...env, PGSSLROOTCERT: configured.gateway.caFile };
}

const tables = ["-t", "public.customer", "-t", "public.item"];

describe.runIf(isHere)("pg_dump", () => {
  test.each([
    ["structure", ["--schema-only", ...tables]],
    ["structure", ["--schema-only", "-t", "public.item"]],
    ["rows", tables],
    ["rows", ["--data-only", "--inserts", ...tables]],
  ])("comes out under %s as it does directly: %j", async (operation, args) => {
    const own = dump(direct, args);
    expect(own).toMatch(/^0\n/u);
    expect(parts(dump(await through(operation), args))).toEqual(parts(own));
  });

  test("without -t it dumps what is granted, and of a table that is granted in part those columns", async () => {
    const whole = dump(await through("structure"), ["--schema-only"]);
    expect(whole).toMatch(/^0\n/u);
    expect(whole).toContain("CREATE TABLE public.item (");
    expect(whole).not.toMatch(/payroll|cheap|audit|more/u);
    const withoutValue = "--exclude-table-data=public.customer_id_seq";
    const part = dump(await through("part"), ["-t", "public.customer", withoutValue]);
    expect(part).toContain("CREATE TABLE public.customer (");
    expect(part).toContain("ada@example.com");
    expect(part).not.toMatch(/^ +name |Ada/mu);
  });

  test("is refused what is not granted: another table, a sequence's value, all of the catalogue", async () => {
    expect(dump(await through("structure"), ["-t", "public.payroll"])).toMatch(/^1\n.*no matching tables/u);
    expect(dump(await through("structure"), tables)).toMatch(
      /^1\n[^]*public\.customer_id_seq is not granted/u,
    );
    expect(dump(await through("closed"), tables)).toMatch(/^1\n[^]*never granted/u);
  });
});
