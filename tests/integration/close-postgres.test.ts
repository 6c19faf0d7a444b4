// tier: full
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeCertificate } from "@mayfly/kubernetes-stand-in";
import { root } from "@mayfly/testing/gateway.ts";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hbaLines } from "../../packages/gateway/src/protocols/postgres/hba.ts";
import { targetSchema } from "../../packages/gateway/src/protocols/postgres/target.ts";

// What `mayflyd close` prints for a database, applied as it says to a real server: who is let in before and behind it, and what
// each line alone keeps out. The addresses of the gateway and of others are addresses of the loopback network.

interface PrintedFile {
  readonly name: string;
  readonly content: string;
  readonly apply: readonly string[];
  readonly check: readonly string[];
  readonly takeBack: readonly string[];
}

const GATEWAY = "127.0.0.5";
const ADMIN = "127.0.0.9";
const AGENT = "127.0.0.7";
const password = "password-of-the-test";
let server: EmbeddedPostgres;
let folder: string;

/** Runs a program to its end; what it printed, both streams. */
function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd: folder, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${stdout}${stderr}`, { cause: error }));
    });
  });
}

const isQuery = (command: string): boolean => command.startsWith("psql ");

/** What `mayflyd close` prints for a connection. */
async function close(config: string, connection: string, ...more: string[]): Promise<PrintedFile> {
  const file = path.join(folder, "mayfly.yaml");
  writeFileSync(file, config);
  const printed = await run(
    process.execPath,
    [
      path.join(root, "packages/gateway/bin/mayflyd.js"),
      "close",
      connection,
      "-c",
      file,
      "--gateway",
      GATEWAY,
      "--json",
      ...more,
    ],
    {},
  );
  const { files } = JSON.parse(printed) as { files: readonly PrintedFile[] };
  const hba = files.find(({ name }) => name === "pg_hba");
  if (hba === undefined) throw new Error(printed);
  return hba;
}

/** Types printed commands into a shell, as the server's administrator at its socket. */
function typed(commands: readonly string[]): Promise<string> {
  const env = {
    PGHOST: path.dirname(server.data),
    PGPORT: String(server.port),
    PGUSER: "postgres",
    PGDATABASE: "postgres",
  };
  return run("bash", ["-euo", "pipefail", "-c", commands.join("\n")], env);
}

interface Way {
  readonly user: string;
  readonly database: string;
  /** Left out: over the server's socket. */
  readonly from?: string;
  readonly plain?: true;
  readonly replication?: "true";
}

/** A session, logged in. */
async function login({ user, database, from, plain, replication }: Way): Promise<pg.Client> {
  const stream = (): Socket => {
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    if (from !== undefined)
      socket.connect = ((port: number, host: string) =>
        connect({ port, host, localAddress: from })) as typeof socket.connect;
    return socket;
  };
  const client = new pg.Client({
    host: from === undefined ? path.dirname(server.data) : server.host,
    port: server.port,
    user,
    database,
    password,
    stream,
    ...(from === undefined || plain ? {} : { ssl: { rejectUnauthorized: false } }),
    ...(replication === undefined ? {} : { replication }),
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** `in`, or in a word how it is kept out. */
async function attempt(way: Way): Promise<string> {
  try {
    const client = await login(way);
    await client.end();
    return "in";
  } catch (error) {
    const words = String(error);
    if (/pg_hba\.conf rejects/.test(words)) return "rejected";
    if (/Peer authentication failed/.test(words)) return "peer";
    return words;
  }
}

const shop = { user: "mayfly", database: "shop" };
const ways: Readonly<Record<string, Way>> = {
  "the gateway": { ...shop, from: GATEWAY },
  "the gateway without TLS": { ...shop, from: GATEWAY, plain: true },
  "the gateway's role from an agent": { ...shop, from: AGENT },
  "the gateway's role at the socket": shop,
  "the gateway's role at another database": { user: "mayfly", database: "other", from: GATEWAY },
  "the gateway's role at another database, at the socket": { user: "mayfly", database: "other" },
  "the gateway's role as a standby": { ...shop, from: GATEWAY, replication: "true" },
  "the gateway's role as a standby, at the socket": { ...shop, replication: "true" },
  "an agent": { user: "agent", database: "shop", from: AGENT },
  "an agent without TLS": { user: "agent", database: "shop", from: AGENT, plain: true },
  "an agent from the gateway's host": { user: "agent", database: "shop", from: GATEWAY },
  "an agent at the socket": { user: "agent", database: "shop" },
  "the administrator": { user: "dba", database: "shop", from: ADMIN },
  "the administrator without TLS": { user: "dba", database: "shop", from: ADMIN, plain: true },
  "the administrator from an agent": { user: "dba", database: "shop", from: AGENT },
  "the server's own account": { user: "postgres", database: "shop" },
  "another connection of the database": { user: "reports", database: "shop", from: GATEWAY },
  "its role from an agent": { user: "reports", database: "shop", from: AGENT },
  "another connection of another database": { user: "reports", database: "other", from: AGENT },
  "an agent at another database": { user: "agent", database: "other", from: AGENT },
};

async function attempts(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  // oxlint-disable-next-line no-await-in-loop -- one after the other, so that a failure names its way
  for (const [name, way] of Object.entries(ways)) found[name] = await attempt(way);
  return found;
}

const connection = (name: string, user: string, database: string): string => `
  ${name}:
    postgres: { host: 127.0.0.1, port: ${server.port}, database: ${JSON.stringify(database)}, user: ${JSON.stringify(user)}, password: { env: PG }, tls: require }
    operations: { look: { statements: [select], tables: { public.orders: all } } }`;

const configuration = (connections: readonly string[]): string => `
url: https://127.0.0.1:8443
listen: { https: 127.0.0.1:8443, postgres: 127.0.0.1:6432 }
identity:
  agents: { issuer: https://example.okta.com/oauth2/aus1, audience: api://mayfly }
connections:${connections.join("")}
policies: []
`;

const old = ["hostnossl all all 127.0.0.0/8 trust", "hostssl all all 127.0.0.0/8 scram-sha-256"];
const oldLines = [...old, "host replication all 127.0.0.0/8 trust", "local all,replication all trust"];

/** Waits until the server goes by the lines of its file now. */
async function reloaded(): Promise<void> {
  const before = await typed(["psql -Atc 'select pg_conf_load_time()'"]);
  await typed(["psql -qAtc 'select pg_reload_conf()'"]);
  await expect.poll(() => typed(["psql -Atc 'select pg_conf_load_time()'"])).not.toBe(before);
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-close-"));
  const { certificate, key } = await makeCertificate();
  server = await startPostgres({
    hba: oldLines,
    files: { "server.crt": certificate, "server.key": key },
    settings: { ssl: "on", max_wal_senders: "4", wal_level: "replica" },
  });
  for (const role of ["mayfly", "agent", "dba", "reports"])
    await server.run(`create role ${role} login password '${password}'`);
  await server.run("alter role mayfly replication");
  await server.run("create database shop");
  // Roles that would pass the lines, and one that would not.
  await server.run(`create role owners createdb; alter database shop owner to owners; grant all on database shop to public;
    create role copier login in role owners; create role reader login in role pg_read_server_files;
    create role standby login replication; create role plain login createdb`);
  await server.run("create database other");
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("applied as it says, it lets in the gateway and who is kept, and ends everybody else", async () => {
  const hba = path.join(server.data, "pg_hba.conf");
  const before = readFileSync(hba, "utf8");
  expect(new Set(Object.values(await attempts()))).toEqual(new Set(["in"]));
  const config = configuration([
    connection("orders-db", "mayfly", "shop"),
    connection("reports-db", "reports", "shop"),
    connection("other-db", "reports", "other"),
  ]);
  const file = await close(config, "orders-db", "--keep", "postgres", "--keep", `dba@${ADMIN}`);
  writeFileSync(path.join(folder, "orders-db.pg_hba"), file.content);
  const [gateway, ...others] = [
    await login({ ...shop, from: GATEWAY }),
    await login({ user: "agent", database: "shop", from: AGENT }),
    // It comes from where it may, and without TLS.
    await login({ ...shop, from: GATEWAY, plain: true }),
  ];
  const gone = Promise.all(others.map((each) => new Promise((resolve) => each.once("end", resolve))));
  await typed(file.apply);
  await gone;
  await reloaded();
  expect((await gateway.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await gateway.end();
  const expected = Object.fromEntries(Object.keys(ways).map((name) => [name, "rejected"]));
  const closed = {
    ...expected,
    "the gateway": "in",
    "the administrator": "in",
    // The test's own account is not called postgres.
    "the server's own account": "peer",
    "another connection of the database": "in",
    "another connection of another database": "in",
    "an agent at another database": "in",
  };
  expect(await attempts()).toEqual(closed);
  expect(await typed(["psql -Atc 'select count(*) from pg_hba_file_rules where error is not null'"])).toBe(
    "0\n",
  );

  const [, loaded = "", passing = ""] = await Promise.all(
    file.check
      .filter(isQuery)
      .slice(0, 3)
      .map((each) => typed([each])),
  );
  expect(loaded).toMatch(/loaded\s*-+\s*t\s/);
  expect(passing.match(/\b(?:copier|reader|standby|plain|postgres)\b/g)?.toSorted()).toEqual([
    "copier",
    "postgres",
    "reader",
    "standby",
  ]);

  // Applied again it stands there once.
  const once = readFileSync(hba, "utf8");
  await typed(file.apply);
  expect(readFileSync(hba, "utf8")).toBe(once);

  // Without the saved file, with half of it, and where the block in the file lost an end, nothing is changed.
  const saved = path.join(folder, "orders-db.pg_hba");
  for (const wrong of ["", file.content.replace(/# END.*\n/, "")]) {
    writeFileSync(saved, wrong);
    await expect(typed(file.apply)).rejects.toMatchObject({ cause: { code: expect.any(Number) } });
    expect(readFileSync(hba, "utf8")).toBe(once);
  }
  writeFileSync(saved, file.content);
  for (const lost of [/# END.*\n/, /# BEGIN.*\n/]) {
    writeFileSync(hba, once.replace(lost, ""));
    await expect(typed(file.apply)).rejects.toMatchObject({ cause: { code: expect.any(Number) } });
    await expect(typed(file.takeBack)).rejects.toMatchObject({ cause: { code: expect.any(Number) } });
    expect(readFileSync(hba, "utf8")).toBe(once.replace(lost, ""));
  }
  // A file that the server refuses is put back.
  writeFileSync(saved, file.content.replace("scram-sha-256", "no-method"));
  writeFileSync(hba, once);
  await expect(typed(file.apply)).rejects.toThrow(/not applied: see pg_hba_file_rules/);
  expect(readFileSync(hba, "utf8")).toBe(once);

  // Each line alone is needed: without it something else happens.
  const lines = file.content.split("\n").filter((line) => /^(?:host|local)/.test(line));
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    writeFileSync(hba, once.replace(`${line}\n`, ""));
    await reloaded();
    expect(await attempts(), line).not.toEqual(closed);
  }

  writeFileSync(hba, once);
  await typed(file.takeBack);
  expect(readFileSync(hba, "utf8")).toBe(before);
  await expect.poll(() => attempt(ways["an agent"] ?? shop)).toBe("in");
});

const quoted = (name: string): string => pg.escapeIdentifier(name);

/** Who is let in to a database of the role's own name, while an agent still reaches another one. */
async function isItsOwn(name: string, kept = name): Promise<void> {
  const rules = await typed([
    'psql -Atc "select json_agg(array[database, user_name]) from (select * from pg_hba_file_rules order by line_number limit 1) x"',
  ]);
  expect(JSON.parse(rules)).toEqual([[[name], [name]]]);
  const its = { user: name, database: name };
  const found = {
    gateway: await attempt({ ...its, from: GATEWAY }),
    kept: await attempt({ ...its, user: kept, from: ADMIN }),
    agent: await attempt({ ...its, from: AGENT }),
    another: await attempt({ user: "member", database: name, from: GATEWAY }),
    elsewhere: await attempt({ user: "agent", database: "other", from: AGENT }),
  };
  expect(found, name).toEqual({
    gateway: "in",
    kept: "in",
    agent: "rejected",
    another: "rejected",
    elsewhere: "in",
  });
}

test("names mean themselves alone, whatever they are", async () => {
  await server.run("create role agents");
  await server.run("create role member login in role agents");
  const hba = path.join(server.data, "pg_hba.conf");
  const before = readFileSync(hba, "utf8");
  const target = targetSchema.parse({ host: server.host, database: "x", user: "x", tls: "require" });
  for (const name of ["all", "replication", "sameuser", "samegroup", "+agents", "@file", "a, all", "#x"]) {
    await server.run(`create role ${quoted(name)} login password '${password}'`);
    await server.run(`create database ${quoted(name)}`);
    const lines = hbaLines({
      connection: "odd-db",
      target: { ...target, database: name, user: name },
      others: new Map(),
      gateways: [`${GATEWAY}/32`],
      kept: [{ role: name, from: `${ADMIN}/32` }],
    });
    writeFileSync(hba, `${lines.join("\n")}\n${before}`);
    await reloaded();
    await isItsOwn(name);
  }
  writeFileSync(hba, before);

  // The commands carry such a name too: through a shell, SQL and a connection string.
  const name = `a"b', \\ $(x) \`x\` "all" FILE --`;
  const other = `${name} 2`;
  for (const role of [name, other])
    await server.run(`create role ${quoted(role)} login password '${password}'`);
  await server.run(`create database ${quoted(name)}`);
  const config = configuration([connection("odd-db", name, name)]);
  const file = await close(config, "odd-db", "--keep", `${other}@${ADMIN}`);
  writeFileSync(path.join(folder, "odd-db.pg_hba"), file.content);
  const [kept, agent] = [
    await login({ user: other, database: name, from: ADMIN }),
    await login({ user: name, database: name, from: AGENT }),
  ];
  const gone = new Promise((resolve) => agent.once("end", resolve));
  await typed(file.apply);
  await gone;
  await reloaded();
  expect((await kept.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await kept.end();
  await isItsOwn(name, other);
  // It is turned away by these lines, so the connection string means what it should.
  const [direct = ""] = file.check.filter(isQuery).slice(-1);
  await expect(typed([direct])).rejects.toThrow(/pg_hba\.conf rejects connection for host "127\.0\.0\.1"/);
  await typed(file.takeBack);
  expect(readFileSync(hba, "utf8")).toBe(before);
});

test("what is printed as text can be pasted as it is", async () => {
  const config = configuration([connection("orders-db", "mayfly", "shop")]);
  const file = await close(config, "orders-db", "--keep", "postgres");
  const keep = ["--gateway", GATEWAY, "--keep", "postgres"];
  const args = ["close", "orders-db", "-c", path.join(folder, "mayfly.yaml"), ...keep];
  const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
  const text = await run(process.execPath, [mayflyd, ...args], {});
  const of = (from: string, to: string): string => text.split(`\n${from}\n`)[1]?.split(`\n${to}\n`)[0] ?? "";
  expect(of("apply", "check")).toBe(file.apply.join("\n"));
  expect(of("check", "take back")).toBe(file.check.join("\n"));
  const [save = ""] = of("save", "look").split("\n");
  expect(save).toMatch(/^mayflyd close orders-db .*--keep postgres --only pg_hba > orders-db\.pg_hba$/);
});

test("an administrator is not locked out of the server by a gateway that is one", async () => {
  const shown = close(configuration([connection("orders-db", "postgres", "shop")]), "orders-db");
  await expect(shown).rejects.toThrow("give the gateway a role of its own first");
  const kept = close(
    configuration([connection("orders-db", "mayfly", "shop")]),
    "orders-db",
    "--keep",
    "mayfly",
  );
  await expect(kept).rejects.toThrow("mayfly is the gateway's own role: it keeps no other way");
});
