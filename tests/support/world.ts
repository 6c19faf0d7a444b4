import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { root, startGateway, type GatewayProcess } from "./gateway.ts";
import { agentId, consoleClient, startProvider } from "./people.ts";
import { freePort, startPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from "./postgres.ts";

import { startReceiver, type Receiver } from "./receiver.ts";

/** A gateway as a process, in front of the shop's database, with an authorization server beside it. */
export interface World {
  readonly folder: string;
  /** The configuration file. */
  readonly file: string;
  readonly okta: OktaStandIn;
  /** Takes the webhook that the demo's configuration names. */
  readonly receiver: Receiver;
  readonly postgres: EmbeddedPostgres;
  readonly environment: Readonly<Record<string, string>>;
  gateway: GatewayProcess;
  /** An access token of the agent, or of a person by login. */
  agentToken(): Promise<string>;
  personToken(login: string): Promise<string>;
  /** Starts the gateway again after it was stopped or killed. */
  restart(): Promise<void>;
  /** Changes the configuration file. */
  edit(change: (text: string) => string): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Where the gateway keeps its grants. */
  readonly store: "sqlite" | "postgres";
  /** Changes the demo's configuration before the gateway starts. */
  readonly configure?: (text: string) => string;
  /** Further variables of the gateway's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How the shop's database is started. */
  readonly database?: EmbeddedPostgresOptions;
  /** Whether the provider lets a browser that has signed in through without a page; false when left out. */
  readonly singleSignOn?: boolean;
  /** Which mayflyd, from the repository's folder; left out: the one that is run from its sources. */
  readonly bin?: string;
}

/** Starts everything: two to three seconds. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-world-"));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    return await startIn(folder, options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIn(
  folder: string,
  options: WorldOptions,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<World> {
  const [https, port] = [await freePort(), await freePort()];
  const okta = await startProvider(`https://localhost:${https}`, {
    introspection: { clientId: "mayfly", clientSecret: "introspection-secret" },
    singleSignOn: options.singleSignOn ?? false,
  });
  undo.push(() => okta.close());
  const receiver = await startReceiver();
  undo.push(() => receiver.stop());
  await writeFile(path.join(folder, "okta-metadata.xml"), okta.saml.metadata());
  const postgres = await startPostgres(options.database);
  undo.push(() => postgres.stop());
  await postgres.run("CREATE DATABASE shop");
  await postgres.run(await readFile(path.join(root, "demo/shop.sql"), "utf8"), "shop");
  if (options.store === "postgres") await postgres.run("CREATE DATABASE mayfly");
  const values: Record<string, string> = {
    HTTPS_PORT: String(https),
    POSTGRES_PORT: String(port),
    ISSUER: okta.issuer,
    ORG_ISSUER: okta.orgIssuer,
    DATABASE_PORT: String(postgres.port),
    RECEIVER_URL: receiver.url,
  };
  const template = await readFile(path.join(root, "demo/mayfly.yaml"), "utf8");
  const filled = template.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
  const stored =
    options.store === "sqlite"
      ? filled
      : filled.replace("store: sqlite:data/mayfly.db", "store: { postgres: { env: STORE_URL } }");
  const file = path.join(folder, "mayfly.yaml");
  await writeFile(file, (options.configure ?? ((text) => text))(stored));
  const environment = {
    ORDERS_DB_PASSWORD: "only-the-gateway-knows",
    STORE_URL: postgres.url("mayfly"),
    INTROSPECTION_SECRET: "introspection-secret",
    OKTA_CLIENT_SECRET: consoleClient.secret,
    WEBHOOK_SECRET: receiver.secret,
    ...options.environment,
  };
  const world: World = {
    folder,
    file,
    okta,
    receiver,
    postgres,
    environment,
    gateway: await startGateway(file, environment, options.bin),
    agentToken: () => okta.tokenFor({ agent: agentId }),
    personToken: (login) => okta.tokenFor({ person: login }),
    async restart() {
      world.gateway = await startGateway(file, environment, options.bin);
    },
    async edit(change) {
      await writeFile(file, change(await readFile(file, "utf8")));
    },
    stop,
  };
  undo.push(() => world.gateway.stop("SIGKILL"));
  return world;
}

/** How a command ended and what it printed. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs psql with the ways in of a grant; the real client, as an agent's author would. */
export function psql(
  world: World,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  input?: string,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn("psql", ["-X", "-v", "ON_ERROR_STOP=0", ...args], {
      env: { ...process.env, ...env, PGSSLROOTCERT: world.gateway.caFile },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout = (stdout + text).slice(-100_000)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.end(input);
  });
}

/** Verifies the world's audit log with the command that an auditor uses. */
export function verifyLog(world: World): Ran {
  const log = path.join(world.folder, "data/audit");
  const bin = path.join(root, "packages/cli/bin/mayfly.js");
  const run = spawnSync(
    process.execPath,
    [bin, "audit", "verify", log, "--key", path.join(log, "log.vkey")],
    { encoding: "utf8" },
  );
  return { code: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
}
