// tier: full
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { whyNoHosts } from "@mayfly/testing/hosts.ts";
import { type ShopNetwork, startShopNetwork } from "@mayfly/testing/shop-network.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// An agent's host, a gateway, a database with a cluster's API server beside it, and a proxy: each a network namespace of its
// own. `mayfly probe` finds the ways that are open on purpose, none behind what `mayflyd close` prints, and each alone once
// what shuts it is taken away.

/** What stands open on the agent's host or around it. */
type Hole =
  | "the database's address"
  | "its IPv6 address"
  | "an address that only the agent's names know"
  | "the cluster's address"
  | "a proxy"
  | "a cloud's metadata service"
  | "a container engine's socket"
  | "a password in .pgpass"
  | "a service account's token";

const firewalled: Partial<Record<Hole, string>> = {
  "the database's address": "10.77.0.10",
  "its IPv6 address": "fd77::10",
  "an address that only the agent's names know": "10.77.0.11",
};

interface Printed {
  readonly verdict: string;
  readonly connections: readonly { readonly connection: string; readonly verdict: string }[];
  readonly credentials: readonly { readonly place: string }[];
  readonly ways: readonly {
    readonly connection?: string;
    readonly to: string;
    readonly by: string;
    readonly outcome: string;
    readonly found: string;
    readonly credentials: readonly string[];
  }[];
}

let network: ShopNetwork;

const at = (...parts: readonly string[]): string => path.join(network.folder, ...parts);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Types a command into a host's shell. */
function run(host: string, script: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    const args = ["netns", "exec", network.hosts.namespaceOf(host), "sh", "-c", script];
    execFile(
      "ip",
      args,
      { env: { PATH: process.env["PATH"], ...env }, cwd: network.folder },
      (error, stdout, stderr) => {
        resolve({
          code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
          stdout,
          stderr,
        });
      },
    );
  });
}

const mayfly = `${process.execPath} ${path.join(root, "packages/cli/bin/mayfly.js")}`;
const mayflyd = `${process.execPath} ${path.join(root, "packages/gateway/bin/mayflyd.js")}`;

/** The agent's shell: its names, its home and, with the hole, what a pod has. */
function agentShell(holes: ReadonlySet<Hole>): { readonly before: string; readonly env: NodeJS.ProcessEnv } {
  rmSync(at("home"), { recursive: true, force: true });
  mkdirSync(at("home"));
  if (holes.has("a password in .pgpass")) {
    writeFileSync(at("home/.pgpass"), "db.internal:5432:shop:support:a-standing-password\n");
    chmodSync(at("home/.pgpass"), 0o600);
  }
  writeFileSync(at("names"), `${readFileSync(network.hostsFile, "utf8")}10.77.0.11 db.internal\n`);
  const token = "/run/secrets/kubernetes.io/serviceaccount";
  const pod = `mkdir -p ${token} && echo a-standing-token > ${token}/token;`;
  return {
    before: `mount --bind ${at("names")} /etc/hosts; mount -t tmpfs tmpfs /run; ${holes.has("a service account's token") ? pod : ""}`,
    env: {
      HOME: at("home"),
      MAYFLY_URL: network.url,
      MAYFLY_CA: network.caFile,
      MAYFLY_TOKEN: network.tokens.agent,
      KUBERNETES_SERVICE_HOST: "10.77.0.10",
      KUBERNETES_SERVICE_PORT: "6443",
      ...(holes.has("a proxy") ? { HTTPS_PROXY: "http://10.77.0.30:3128" } : {}),
      DOCKER_HOST: `unix://${at(holes.has("a container engine's socket") ? "docker.sock" : "none.sock")}`,
    },
  };
}

const printedRules = new Map<string, string>();

/** What `mayflyd close` prints for the agent's host: the same each time that it is asked the same. */
async function rulesOf(options: string): Promise<string> {
  const known = printedRules.get(options);
  if (known !== undefined) return known;
  const common = `-c ${network.configuration} --entry 10.77.0.5 --only nftables-agents`;
  const { code, stdout, stderr } = await run("agent", `${mayflyd} close ${options} ${common}`, {});
  if (code !== 0) throw new Error(stderr);
  printedRules.set(options, stdout);
  return stdout;
}

/** Puts the agent's firewall up, but for the holes. */
async function shut(holes: ReadonlySet<Hole>): Promise<void> {
  network.hosts.inside("agent", "nft", "flush", "ruleset");
  const closed = Object.entries(firewalled).flatMap(([hole, address]) =>
    holes.has(hole as Hole) ? [] : [`--address ${address}`],
  );
  const asked = [
    ...(closed.length > 0 ? [`orders-db ${closed.join(" ")}`] : []),
    ...(holes.has("the cluster's address") ? [] : ["prod-cluster"]),
  ];
  for (const options of asked) {
    // oxlint-disable-next-line no-await-in-loop -- one file after the other
    writeFileSync(at("rules"), await rulesOf(options));
    network.hosts.inside("agent", "nft", "-f", at("rules"));
  }
  if (!holes.has("a cloud's metadata service"))
    network.hosts.inside(
      "agent",
      "nft",
      "table inet metadata { chain out { type filter hook output priority 0; ip daddr 169.254.169.254 reject; }; }",
    );
}

/** What a probe of the agent's host prints, and its exit code. */
async function probe(...open: readonly Hole[]): Promise<Printed & { readonly code: number }> {
  const holes = new Set(open);
  await shut(holes);
  return probed(holes);
}

async function probed(holes: ReadonlySet<Hole>, more = ""): Promise<Printed & { readonly code: number }> {
  const offered = await run("gateway", `${mayfly} probe-token`, {
    HOME: network.folder,
    MAYFLY_URL: network.url,
    MAYFLY_CA: network.caFile,
    MAYFLY_TOKEN: network.tokens.operator,
  });
  if (offered.code !== 0) throw new Error(offered.stderr);
  const { before, env } = agentShell(holes);
  const ended = await run("agent", `${before} exec ${mayfly} probe --json ${more}`, {
    ...env,
    MAYFLY_PROBE_TOKEN: offered.stdout.trim(),
  });
  if (ended.stdout === "") throw new Error(`${ended.code}: ${ended.stderr}`);
  expect(ended.stdout + ended.stderr).not.toContain("a-standing-");
  return { ...(JSON.parse(ended.stdout) as Printed), code: ended.code };
}

/** The ways that are not closed, as somebody would tell of them. */
const openWays = ({ ways }: Printed): readonly string[] =>
  ways
    .filter(({ outcome }) => outcome !== "closed")
    .map(({ connection = "host", outcome, to, by, credentials }) =>
      [
        connection,
        outcome,
        to.replace(network.folder, ""),
        by.replace(network.folder, ""),
        ...credentials.map((each) => each.replace(network.folder, "")),
      ].join(" | "),
    )
    .toSorted();

/** The ways that each hole opens by itself. */
const ways: Readonly<Record<Hole, readonly string[]>> = {
  "the database's address": ["orders-db | open | 10.77.0.10:5432 | name db.internal"],
  "its IPv6 address": ["orders-db | open | [fd77::10]:5432 | name db.internal"],
  "an address that only the agent's names know": ["orders-db | open | 10.77.0.11:5432 | name db.internal"],
  "the cluster's address": ["prod-cluster | open | 10.77.0.10:6443 | address"],
  "a proxy": [
    "orders-db | open | 10.77.0.10:5432 | proxy of environment variable HTTPS_PROXY",
    "orders-db | open | 10.77.0.11:5432 | proxy of environment variable HTTPS_PROXY",
    "prod-cluster | open | 10.77.0.10:6443 | proxy of environment variable HTTPS_PROXY",
  ],
  "a cloud's metadata service": [
    "host | open | 169.254.169.254:80 | cloud metadata (AWS, Google, Azure and others)",
  ],
  "a container engine's socket": ["host | open | /docker.sock | container engine"],
  // Nothing that they lead to is open.
  "a password in .pgpass": [],
  "a service account's token": [],
};

const verdicts = ({ code, connections, verdict }: Printed & { readonly code: number }): string =>
  `${code}: ${connections.map((each) => `${each.connection} ${each.verdict}`).join(", ")}, host ${verdict}`;

/** What happened on the direct ways to a connection's target. */
const foundOf = (printed: Printed, connection: string): readonly string[] => [
  ...new Set(printed.ways.filter((way) => way.connection === connection).map(({ found }) => found)),
];

/** Asks the database, at its own socket. */
async function sql(text: string): Promise<string> {
  const psql = `psql -h ${path.dirname(network.data)} -U postgres -Atc "${text}"`;
  const ended = await run("database", psql, {});
  if (ended.code !== 0) throw new Error(ended.stderr);
  return ended.stdout.trim();
}

/** Puts another pg_hba.conf in force: sessions that begin after the reload know its time. */
async function hba(text: string): Promise<void> {
  const before = await sql("select pg_conf_load_time()");
  writeFileSync(path.join(network.data, "pg_hba.conf"), `local all all trust\n${text}`);
  await sql("select pg_reload_conf()");
  // oxlint-disable-next-line no-await-in-loop -- until a session knows it
  while ((await sql("select pg_conf_load_time()")) === before);
  expect(await sql("select count(*) from pg_hba_file_rules where error is not null")).toBe("0");
}

describe.skipIf(whyNoHosts() !== undefined)("mayfly probe", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    network = await startShopNetwork();
    const { hosts } = network;
    hosts.add("proxy");
    hosts.plug("proxy", ["10.77.0.30/24"]);
    hosts.inside("agent", "ip", "route", "add", "169.254.169.254", "dev", "eth0");
    const node = [process.execPath];
    const connecting = `const net = require("node:net"); net.createServer((c) => c.once("data", (d) => { const [, host, port] = /^CONNECT \\[?(.+?)\\]?:(\\d+) /.exec(d) ?? []; const t = net.connect(Number(port), host, () => { c.write("HTTP/1.1 200 OK\\r\\n\\r\\n"); c.pipe(t).pipe(c); }); t.on("error", () => c.end("HTTP/1.1 502 No\\r\\n\\r\\n")); c.on("error", () => t.destroy()); })).listen(3128, "0.0.0.0", () => console.log("{}"))`;
    await network.up("proxy", [...node, "-e", connecting]);
    const engine = `require("node:net").createServer(() => {}).listen(${JSON.stringify(at("docker.sock"))}, () => console.log("{}"))`;
    await network.up("agent", [...node, "-e", engine]);
  }, 90_000);
  afterAll(() => network?.stop());

  test("finds every way that is open, and whose credentials lie there", async () => {
    const found = await probe(
      "the database's address",
      "its IPv6 address",
      "an address that only the agent's names know",
      "the cluster's address",
      "a proxy",
      "a cloud's metadata service",
      "a container engine's socket",
      "a password in .pgpass",
      "a service account's token",
    );
    expect(openWays(found)).toEqual(
      [
        ...ways["a container engine's socket"],
        ...ways["a cloud's metadata service"],
        ...[
          ...ways["the database's address"],
          ...ways["its IPv6 address"],
          ...ways["an address that only the agent's names know"],
          ...ways["a proxy"].filter((way) => way.startsWith("orders-db")),
        ].map((way) => `${way} | /home/.pgpass:1`),
        ...[
          ...ways["the cluster's address"],
          ...ways["a proxy"].filter((way) => way.startsWith("prod-cluster")),
        ].map((way) => `${way} | /var/run/secrets/kubernetes.io/serviceaccount/token`),
      ].toSorted(),
    );
    expect(verdicts(found)).toBe(
      "7: orders-db open_with_credential, prod-cluster open_with_credential, host open",
    );
  });

  test("finds none behind what shuts them, and psql finds its way through the gateway alone", async () => {
    const found = await probe();
    expect(openWays(found)).toEqual([]);
    expect(verdicts(found)).toBe("0: orders-db closed, prod-cluster closed, host closed");
    expect(found.credentials).toEqual([]);
    const { before, env } = agentShell(new Set());
    const direct = await run("agent", `${before} psql -h db.internal -U mayfly shop -c "select 1"`, {
      ...env,
      PGPASSWORD: "only-the-gateway-knows",
    });
    expect(direct.stderr).toContain("Connection refused");
    const psql = "psql -Atc 'select count(*) > 0 from orders'";
    const through = await run(
      "agent",
      `${before} ${mayfly} run orders-db/read-orders --reason "a look" -- ${psql}`,
      env,
    );
    expect([through.stdout, through.code]).toEqual(["t\n", 0]);
  });

  test.each(Object.entries(ways) as [Hole, readonly string[]][])("finds %s alone", async (hole, expected) => {
    const found = await probe(hole);
    expect(openWays(found)).toEqual(expected);
    expect([found.code, found.verdict]).toEqual(expected.length > 0 ? [7, "open"] : [0, "closed"]);
    const lying = { "a password in .pgpass": 1, "a service account's token": 1 } as Partial<
      Record<Hole, number>
    >;
    expect(found.credentials).toHaveLength(lying[hole] ?? 0);
  });

  test("a policy that demands closed paths lets the agent in from a host that was probed closed, and from no other", async () => {
    const ask = async (host: string): Promise<Ended> => {
      const { before, env } = agentShell(new Set());
      const psql = "psql -Atc 'select count(*) > 0 from orders'";
      const asked = `${mayfly} run orders-db/read-where-closed --reason "a look" -- ${psql}`;
      return run(host, `${before} ${asked}`, env);
    };
    const denied = (why: string): object => ({
      code: 3,
      stdout: "",
      stderr: expect.stringMatching(
        new RegExp(`policy "closed" demands .* within 1h: ${why}; .*run mayfly probe here`),
      ),
    });
    await probe("a cloud's metadata service");
    expect(await ask("agent")).toEqual(denied("another way was found open from here: .*169.254.169.254:80"));
    await probe("its IPv6 address");
    expect(await ask("agent")).toEqual(denied("orders-db was found open from here .* ago"));
    await probe();
    expect(await ask("agent")).toMatchObject({ code: 0, stdout: "t\n" });
    // The same token, from elsewhere.
    expect(await ask("proxy")).toEqual(denied("no probe from here is known"));
  });

  test("tells a firewall of the target's host that drops from one that refuses", async () => {
    await shut(
      new Set(["the database's address", "its IPv6 address", "an address that only the agent's names know"]),
    );
    const drop =
      "table inet drops { chain in { type filter hook input priority 0; ip saddr 10.77.0.7 drop; ip6 saddr fd77::7 tcp dport 5432 drop; }; }";
    network.hosts.inside("database", "nft", drop);
    try {
      const found = await probed(new Set(), "--timeout 1s");
      expect(foundOf(found, "orders-db")).toEqual(["timeout"]);
      expect(foundOf(found, "prod-cluster")).toEqual(["refused"]);
      expect(verdicts(found)).toBe("0: orders-db closed, prod-cluster closed, host closed");
    } finally {
      network.hosts.inside("database", "nft", "delete table inet drops");
    }
  });

  test("sees that pg_hba.conf alone lets nobody in, and which role it does let in", async () => {
    await shut(
      new Set(["the database's address", "its IPv6 address", "an address that only the agent's names know"]),
    );
    const rejecting =
      "host shop mayfly fd77::5/128 scram-sha-256\nhost shop mayfly 10.77.0.5/32 scram-sha-256\n";
    await hba(`${rejecting}host shop all all reject\n`);
    const closed = await probed(new Set());
    expect(openWays(closed)).toEqual([]);
    expect(foundOf(closed, "orders-db")).toEqual(["rejected"]);
    expect(verdicts(closed)).toBe("0: orders-db closed, prod-cluster closed, host closed");
    await hba(`${rejecting}host shop support all scram-sha-256\nhost shop all all reject\n`);
    const open = await probed(new Set<Hole>(["a password in .pgpass"]));
    expect(verdicts(open)).toBe("7: orders-db open_with_credential, prod-cluster closed, host open");
    await hba("host all all all scram-sha-256\n");
  });

  test("calls nothing closed while the target is away", async () => {
    await shut(new Set(["the cluster's address"]));
    const refuse =
      "table inet away { chain in { type filter hook input priority 0; tcp dport 6443 reject with tcp reset; }; }";
    network.hosts.inside("database", "nft", refuse);
    try {
      const found = await probed(new Set());
      expect(foundOf(found, "prod-cluster")).toEqual(["refused"]);
      expect(verdicts(found)).toBe("4: orders-db closed, prod-cluster undecided, host undecided");
    } finally {
      network.hosts.inside("database", "nft", "delete table inet away");
    }
  });
});
