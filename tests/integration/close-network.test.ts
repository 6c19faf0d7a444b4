// tier: full
import { type ChildProcess, execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { type Hosts, makeHosts, whyNoHosts } from "@mayfly/testing/hosts.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The firewalls that `mayflyd close` prints, loaded into hosts of their own: network namespaces of an agent, a gateway and a
// database, and a container behind the agent's host. Each way is tried for real before them, behind them, and without each.

const PORT = 5432;
/** Of a container that the database's host publishes. */
const PUBLISHED = 5433;
const hosts = { agent: 7, gateway: 5, database: 10 } as const;
type Host = keyof typeof hosts | "container";
const v4 = (host: keyof typeof hosts): string => `10.77.0.${hosts[host]}`;
const v6 = (host: keyof typeof hosts): string => `fd77::${hosts[host]}`;
let folder: string;
let network: Hosts;

const inside = (host: string, ...command: readonly string[]): string => network.inside(host, ...command);

/** A server that answers every connection, in a host. */
async function serve(host: Host, port: number): Promise<void> {
  const script = `require("node:net").createServer((s) => s.end("hello")).listen(${port}, "::", () => console.log("up"))`;
  const child = network.start(host, [process.execPath, "-e", script]);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
}

interface Way {
  readonly from: Host;
  readonly to: string;
  readonly port: number;
  /** Left out: root. */
  readonly uid?: number;
}

/** A client that says how it went, however long that takes. */
function dial({ from, to, port, uid }: Way): ChildProcess {
  const become = uid === undefined ? "" : `process.setgid(${uid}); process.setuid(${uid});`;
  const script = `${become} require("node:net").connect({ host: "${to}", port: ${port} }).on("data", () => console.log("open")).on("error", (e) => console.log(e.code)).on("close", () => process.exit())`;
  return network.start(from, [process.execPath, "-e", script]);
}

/** How many packets a host's firewall has stopped. */
function stopped(host: keyof typeof hosts): number {
  const list = inside(host, "nft", "list", "ruleset");
  return [...list.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** `open`, the error's code, or `dropped` once the database's host has dropped a packet of it. */
async function attempt(way: Way): Promise<string> {
  const before = stopped("database");
  const child = dial(way);
  const said = new Promise<string>((resolve) => {
    child.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
  });
  const over = new AbortController();
  const dropped = async (): Promise<string> => {
    while (!over.signal.aborted && stopped("database") === before)
      // oxlint-disable-next-line no-await-in-loop -- until the firewall counts it
      await new Promise((resolve) => setTimeout(resolve, 20));
    return "dropped";
  };
  const found = await Promise.race([said, dropped()]);
  over.abort();
  // A client that goes on would be counted with the next one.
  const gone = child.exitCode === null && new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  return found;
}

const ways: Readonly<Record<string, Way>> = {
  "the gateway": { from: "gateway", to: v4("database"), port: PORT },
  "the gateway, over IPv6": { from: "gateway", to: v6("database"), port: PORT },
  "the gateway, to the published port": { from: "gateway", to: v4("database"), port: PUBLISHED },
  "an agent": { from: "agent", to: v4("database"), port: PORT },
  "an agent, over IPv6": { from: "agent", to: v6("database"), port: PORT },
  "an agent, to the published port": { from: "agent", to: v4("database"), port: PUBLISHED },
  "an agent's container": { from: "container", to: v4("database"), port: PORT },
  "another account of the agent's host": { from: "agent", to: v4("database"), port: PORT, uid: 65_534 },
  "an agent, to another port": { from: "agent", to: v4("database"), port: 7000 },
  "an agent, to the gateway": { from: "agent", to: v4("gateway"), port: PORT },
};

async function attempts(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  // oxlint-disable-next-line no-await-in-loop -- one after the other: a counter tells whose packet was dropped
  for (const [name, way] of Object.entries(ways)) found[name] = await attempt(way);
  return found;
}

const everything = Object.fromEntries(Object.keys(ways).map((name) => [name, "open"]));

interface PrintedFile {
  readonly name: string;
  readonly content: string;
  readonly apply: readonly string[];
  readonly takeBack: readonly string[];
  readonly notes: readonly string[];
}

/** What `mayflyd close` prints for a database at an address or name. @param names /etc/hosts, as it is for the command */
async function close(
  { host, port, names = "" }: { host: string; port: number; names?: string },
  ...more: readonly string[]
): Promise<readonly PrintedFile[]> {
  const config = path.join(folder, "mayfly.yaml");
  const known = path.join(folder, "hosts");
  writeFileSync(known, names);
  writeFileSync(
    config,
    `url: https://127.0.0.1:8443
listen: { https: 127.0.0.1:8443, postgres: 127.0.0.1:6432 }
identity: { agents: { issuer: https://example.okta.com/oauth2/aus1, audience: api://mayfly } }
connections:
  orders-db:
    postgres: { host: "${host}", port: ${port}, database: shop, user: mayfly, password: { env: PG } }
    operations: { look: { statements: [select], tables: { public.orders: all } } }
policies: []
`,
  );
  const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
  const command = ["close", "orders-db", "-c", config, "--json", ...more];
  const typed = `mount --bind "$0" /etc/hosts && exec "$@"`;
  const args = ["netns", "exec", network.namespaceOf("gateway"), "sh", "-c", typed, known];
  const printed = await new Promise<string>((resolve, reject) => {
    execFile("ip", [...args, process.execPath, mayflyd, ...command], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr, { cause: error }));
    });
  });
  return (JSON.parse(printed) as { files: readonly PrintedFile[] }).files;
}

function named(files: readonly PrintedFile[], name: string): PrintedFile {
  const file = files.find((each) => each.name === name);
  if (file === undefined) throw new Error(`no ${name} among ${files.map((each) => each.name).join()}`);
  return file;
}

/** Types the first of some printed commands into a host, as root. */
function typed(host: keyof typeof hosts, [command = ""]: readonly string[]): void {
  inside(host, "sh", "-ec", `cd ${folder}; ${command.replaceAll("sudo ", "")}`);
}

function applied(host: keyof typeof hosts, file: PrintedFile): void {
  writeFileSync(path.join(folder, `orders-db.${file.name}`), file.content);
  typed(host, file.apply);
}

describe.skipIf(whyNoHosts() !== undefined)("the printed firewalls", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "mayfly-close-"));
    network = makeHosts();
    for (const host of Object.keys(hosts) as (keyof typeof hosts)[]) {
      network.add(host);
      network.plug(host, [`${v4(host)}/24`, `${v6(host)}/64`]);
    }
    network.add("container");
    // A container: a network of its own behind the agent's host.
    inside(
      "agent",
      "ip",
      "link",
      "add",
      "box0",
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      network.namespaceOf("container"),
    );
    inside("agent", "ip", "addr", "add", "10.78.0.1/24", "dev", "box0");
    inside("agent", "ip", "link", "set", "box0", "up");
    inside("container", "ip", "addr", "add", "10.78.0.2/24", "dev", "eth0");
    inside("container", "ip", "link", "set", "eth0", "up");
    inside("container", "ip", "route", "add", "default", "via", "10.78.0.1");
    inside("agent", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    inside("database", "ip", "route", "add", "10.78.0.0/24", "via", v4("agent"));
    // What a container engine does for a port that it publishes.
    const publish = `table ip nat { chain in { type nat hook prerouting priority dstnat; tcp dport ${PUBLISHED} redirect to :${PORT}; }; }`;
    inside("database", "nft", publish);
    await Promise.all([serve("database", PORT), serve("database", 7000), serve("gateway", PORT)]);
  }, 60_000);
  afterAll(() => {
    network.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  test("of the target's host lets in the gateway alone, until it is taken back", async () => {
    expect(await attempts()).toEqual(everything);
    const gateway = ["--gateway", v4("gateway"), "--gateway", v6("gateway")];
    const file = named(await close({ host: v4("database"), port: PORT }, ...gateway), "nftables-target");
    applied("database", file);
    const closed = {
      ...everything,
      "an agent": "dropped",
      "an agent, over IPv6": "dropped",
      "an agent's container": "dropped",
      "another account of the agent's host": "dropped",
    };
    // A port that is published under another number is another endpoint.
    expect(await attempts()).toEqual(closed);
    const published = named(
      await close({ host: v4("database"), port: PUBLISHED }, ...gateway),
      "nftables-target",
    );
    applied("database", published);
    expect(await attempts()).toEqual({
      ...everything,
      "an agent, to the published port": "dropped",
    });
    // Loaded again it is there once, in the place of what it was.
    applied("database", file);
    applied("database", file);
    expect(await attempts()).toEqual(closed);
    typed("database", file.takeBack);
    expect(await attempts()).toEqual(everything);
  });

  test.each([
    ["a role's that is kept", "--keep", `dba@${v4("agent")}`],
    ["a peer's", "--peer", v4("agent")],
  ])("of an address of %s lets that one in too", async (_, option, value) => {
    const kept = ["--gateway", v4("gateway"), option, value];
    const file = named(await close({ host: v4("database"), port: PORT }, ...kept), "nftables-target");
    applied("database", file);
    expect(await attempts()).toEqual({
      ...everything,
      "the gateway, over IPv6": "dropped",
      "an agent, over IPv6": "dropped",
      "an agent's container": "dropped",
    });
    typed("database", file.takeBack);
  });

  test("of an agent's host knows every address of a name, and containers, and lets out one account", async () => {
    const addresses = [
      v4("database"),
      v6("database"),
      ...Array.from({ length: 8 }, (_, at) => `10.77.9.${at + 1}`),
    ];
    const names = addresses.map((address) => `${address} db.internal\n`).join("");
    const files = await close(
      { host: "db.internal", port: PORT, names },
      "--gateway",
      v4("gateway"),
      "--gateway-user",
      "nobody",
    );
    const file = named(files, "nftables-agents");
    for (const address of addresses) expect(file.content).toMatch(new RegExp(`\\b${address}/(32|128)\\b`));
    applied("agent", file);
    const refused = {
      "an agent": "ECONNREFUSED",
      "an agent, over IPv6": "ECONNREFUSED",
      "an agent's container": "ECONNREFUSED",
    };
    expect(await attempts()).toEqual({ ...everything, ...refused });
    const all = await close({ host: "db.internal", port: PORT, names });
    applied("agent", named(all, "nftables-agents"));
    expect(await attempts()).toEqual({
      ...everything,
      ...refused,
      "another account of the agent's host": "ECONNREFUSED",
    });
    typed("agent", named(all, "nftables-agents").takeBack);
    expect(await attempts()).toEqual(everything);
  });

  test("of an agent's host sees an address that is translated on the way out, as a cluster's services are", async () => {
    const service = "10.96.0.9";
    const nat = `table ip services { chain out { type nat hook output priority dstnat; ip daddr ${service} dnat to ${v4("database")}; }; chain in { type nat hook prerouting priority dstnat; ip daddr ${service} dnat to ${v4("database")}; }; }`;
    inside("agent", "nft", nat);
    inside("agent", "ip", "route", "add", `${service}/32`, "via", v4("database"));
    const through = [
      { from: "agent", to: service, port: PORT },
      { from: "container", to: service, port: PORT },
      { from: "agent", to: v4("database"), port: PORT },
    ] as const;
    const each = async (): Promise<readonly string[]> => [
      await attempt(through[0]),
      await attempt(through[1]),
      await attempt(through[2]),
    ];
    expect(await each()).toEqual(["open", "open", "open"]);
    const known = async (address: string): Promise<PrintedFile> => {
      const files = await close({ host: "db.internal", port: PORT }, "--address", address);
      return named(files, "nftables-agents");
    };
    applied("agent", await known(service));
    expect(await each()).toEqual(["ECONNREFUSED", "ECONNREFUSED", "open"]);
    applied("agent", await known(v4("database")));
    expect(await each()).toEqual(["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"]);
    typed("agent", (await known(service)).takeBack);
    inside("agent", "nft", "delete table ip services");
  });

  test("of the host of a target at a loopback address closes each of its own addresses, but to the gateway", async () => {
    await serve("agent", 9000);
    const own = (to: string, uid?: number): Way => ({
      from: "agent",
      to,
      port: 9000,
      ...(uid === undefined ? {} : { uid }),
    });
    const each = async (uid?: number): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const to of ["127.0.0.1", "127.0.0.2", "::1", v4("agent"), v6("agent")])
        // oxlint-disable-next-line no-await-in-loop -- as all attempts
        found.push(await attempt(own(to, uid)));
      return found;
    };
    const open = ["open", "open", "open", "open", "open"];
    expect(await each()).toEqual(open);
    const files = await close({ host: "127.0.0.1", port: 9000 }, "--gateway-user", "nobody");
    const file = named(files, "nftables-agents");
    applied("agent", file);
    expect(await each()).toEqual(open.map(() => "ECONNREFUSED"));
    expect(await each(65_534)).toEqual(open);
    expect(await attempt({ from: "container", to: "10.78.0.1", port: 9000 })).toBe("ECONNREFUSED");
    typed("agent", file.takeBack);
    expect(await each()).toEqual(open);
  });

  test("a name without an address, and a target on the agent's own host, are said and not guessed", async () => {
    const missing = async (host: string): Promise<string> => {
      const files = await close({ host, port: PORT, names: "127.0.0.1 localhost\n" });
      return files.map(({ name }) => name).join();
    };
    expect(await missing("db.internal")).not.toContain("nftables-agents");
    expect(await missing("localhost")).not.toContain("nftables-agents");
  });
});
