// tier: full
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { afterEach, describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";

const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `mayflyd close` says about a connection of one of the examples. */
function close(example: string, connection: string, ...given: readonly string[]): Promise<Ran> {
  const args = ["close", connection, "-c", path.resolve(root, "examples", example), ...given];
  return new Promise((resolve) => {
    // No secret of the example is set: whoever closes paths needs none.
    const options = { env: { PATH: process.env["PATH"] }, encoding: "utf8" } as const;
    execFile(process.execPath, [mayflyd, ...args], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

interface Printed {
  readonly files: readonly { readonly name: string; readonly content: string }[];
  readonly missing: readonly { readonly name: string; readonly why: string }[];
  readonly byHand: readonly string[];
}

const asked = ["--gateway", "10.0.0.5", "--gateway", "namespace:mayfly", "--entry", "10.0.0.5"];
const target = ["--address", "10.0.0.20"];
const agents = ["--agent-namespace", "agents", "--agent-unit", "support-bot.service"];

async function printed(example: string, connection: string): Promise<Printed> {
  const { stdout } = await close(example, connection, ...asked, ...target, ...agents, "--json");
  return JSON.parse(stdout) as Printed;
}

describe("what is printed for each kind", () => {
  test.each([
    [
      "postgres.yaml",
      "orders-db",
      ["pg_hba", "nftables-target", "nftables-agents", "systemd-unit", "networkpolicy-agents"],
    ],
    ["kubernetes.yaml", "prod-cluster", ["rbac", "nftables-agents", "systemd-unit", "networkpolicy-agents"]],
    ["http.yaml", "billing-api", ["nftables-agents", "systemd-unit", "networkpolicy-agents"]],
    ["mcp.yaml", "crm", ["nftables-agents", "systemd-unit", "networkpolicy-agents"]],
    // The gateway starts it: no address leads there.
    ["mcp.yaml", "tickets", []],
  ])("%s, %s", async (example, connection, names) => {
    const { files, missing, byHand } = await printed(example, connection);
    expect(files.map(({ name }) => name)).toEqual(names);
    expect(missing).toEqual([]);
    expect(byHand.length).toBeGreaterThan(0);
  });

  test("of an observed connection what leaves it its other operations alone, and the way through by one of them", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "mayfly-close-"));
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    const written = parse(readFileSync(path.join(root, "examples/kubernetes.yaml"), "utf8")) as {
      readonly connections: Readonly<Record<string, { readonly operations: object }>>;
    };
    const cluster = written.connections["prod-cluster"];
    const rest = { ...cluster, operations: undefined };
    const closing = async (connection: object): Promise<Ran> => {
      const file = path.join(folder, "mayfly.yaml");
      writeFileSync(
        file,
        stringify({ ...written, connections: { "prod-cluster": connection }, policies: [] }),
      );
      return close(file, "prod-cluster", ...asked, ...target, "--json");
    };
    const plain = await closing({ ...cluster });
    const observed = await closing({ ...cluster, observe: { until } });
    expect([plain.code, observed.code]).toEqual([0, 0]);
    expect(observed.stdout).toBe(plain.stdout);
    expect(plain.stderr).not.toContain("is observed");
    expect(observed.stderr).toContain("prod-cluster is observed: these files are for when it no longer is");
    const alone = await closing({ ...rest, observe: { until } });
    expect(alone.stdout).toContain("mayfly request prod-cluster/OPERATION ");
    expect(alone.stdout).not.toContain("/observe");
  });

  test("text, one file alone and JSON say the same", async () => {
    const { files } = await printed("postgres.yaml", "orders-db");
    const { stdout } = await close("postgres.yaml", "orders-db", ...asked, ...target, ...agents);
    for (const { name, content } of files) {
      expect(stdout).toContain(content.trimEnd());
      expect(stdout).toContain(` ${name}: `);
    }
    const only = await close("postgres.yaml", "orders-db", ...asked, "--only", "pg_hba");
    expect([only.code, only.stdout]).toEqual([0, files[0]?.content]);
    // What it does to others is read even by who saves it at once.
    expect(only.stderr).toContain(
      "- the database's administrator is locked out of shop too: --keep postgres",
    );
  });

  test("what was not said is asked for, and nothing is guessed", async () => {
    const { stdout } = await close("postgres.yaml", "orders-db");
    expect(stdout).not.toMatch(/^\d+\. /m);
    expect(stdout).toContain("- pg_hba: it lets in the gateway's addresses alone: give --gateway ADDRESS (");
    expect(stdout).toContain("- systemd-unit: for an agent that is a unit of systemd: give --agent-unit");
    const one = await close("postgres.yaml", "orders-db", "--only", "pg_hba");
    expect([one.code, one.stdout]).toEqual([1, ""]);
    expect(one.stderr).toMatch(
      /^mayflyd: orders-db has no file pg_hba\nhint: it lets in the gateway's addresses alone: give --gateway ADDRESS/,
    );
    // The example's gateway has a name that nobody resolves here.
    const unit = await close(
      "http.yaml",
      "billing-api",
      "--agent-unit",
      "bot.service",
      "--only",
      "systemd-unit",
    );
    expect(unit.stderr).toContain("has no address here: give --entry ADDRESS, as agents reach the gateway");
  });

  test("the file of a unit is not printed where it would let through the target itself", async () => {
    const same = ["--address", "10.0.0.5", "--only", "systemd-unit"];
    const { code, stderr } = await close("http.yaml", "billing-api", ...asked, ...agents, ...same);
    expect(code).toBe(1);
    expect(stderr).toContain("the target is at an address of the gateway's (10.0.0.5/32)");
    // Nobody resolves the example's database here: that is no proof that it is elsewhere.
    const only = ["--only", "systemd-unit"];
    const unknown = await close("postgres.yaml", "orders-db", ...asked, ...agents, ...only);
    expect([unknown.code, unknown.stdout]).toEqual([1, ""]);
    expect(unknown.stderr).toContain("db.internal has no address here, so it may be at one of the gateway's");
  });

  test("a database in Kubernetes is closed by a policy of its namespace", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "mayfly-close-"));
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, "mayfly.yaml");
    writeFileSync(
      file,
      `url: https://127.0.0.1:8443
listen: { https: 127.0.0.1:8443, postgres: 127.0.0.1:6432 }
identity: { agents: { issuer: https://example.okta.com/oauth2/aus1, audience: api://mayfly } }
connections:
  orders-db:
    postgres: { host: db.shop.svc.cluster.local, database: shop, user: mayfly, password: { env: PG } }
    operations: { look: { statements: [select], tables: { public.orders: all } } }
policies: []
`,
    );
    const without = await close("postgres.yaml", "orders-db", "-c", file, ...asked);
    expect(without.stdout).toContain(
      "networkpolicy-target: give --target-pods LABEL=VALUE, as this prints them: kubectl -n shop get service db",
    );
    const pods = ["--target-pods", "app=db,tier=data", "--only", "networkpolicy-target"];
    const { stdout } = await close(
      "postgres.yaml",
      "orders-db",
      "-c",
      file,
      "--keep",
      "dba@10.0.9.0/24",
      "--peer",
      "10.0.0.21",
      ...asked,
      ...pods,
    );
    expect(parseAllDocuments(stdout).map((document) => document.toJS() as unknown)).toMatchObject([
      {
        metadata: { namespace: "shop" },
        spec: {
          podSelector: { matchLabels: { app: "db", tier: "data" } },
          policyTypes: ["Ingress"],
          ingress: [
            {
              from: [
                { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "mayfly" } } },
                { ipBlock: { cidr: "10.0.0.5/32" } },
                { ipBlock: { cidr: "10.0.9.0/24" } },
                { ipBlock: { cidr: "10.0.0.21/32" } },
              ],
              ports: [{ protocol: "TCP", port: 5432 }],
            },
          ],
        },
      },
    ]);
  });

  test("systemd knows every setting of the unit's file", async () => {
    const { files } = await printed("http.yaml", "billing-api");
    const folder = mkdtempSync(path.join(tmpdir(), "mayfly-close-"));
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const unit = path.join(folder, "support-bot.service");
    mkdirSync(`${unit}.d`);
    writeFileSync(unit, "[Service]\nExecStart=/bin/true\n");
    const content = files.find(({ name }) => name === "systemd-unit")?.content ?? "";
    expect(content.split("\n").filter((line) => line.includes("="))).toEqual([
      "IPAddressAllow=",
      "IPAddressDeny=any",
      "IPAddressAllow=10.0.0.5/32",
    ]);
    const verify = (text: string): string => {
      writeFileSync(path.join(`${unit}.d`, "mayfly.conf"), text);
      return spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" }).stderr;
    };
    expect(verify(content)).toBe("");
    expect(verify(content.replace("10.0.0.5/32", "10.0.0.5/x"))).not.toBe("");
  });
});

test("what cannot be read is refused, and nothing is printed", async () => {
  const { code, stdout, stderr } = await close("postgres.yaml", "orders-db", "--gateway", "gateway.internal");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    "mayflyd: --gateway gateway.internal: this is no address\nhint: write 10.0.0.5, 10.0.0.0/24 or 2001:db8::5, not a name\n",
  );
});

test("a connection that is not there is told with the nearest one", async () => {
  const { code, stderr } = await close("postgres.yaml", "order-db");
  expect(code).toBe(1);
  expect(stderr).toMatch(/has no connection order-db\nhint: .*orders-db/);
});
