import { spawn, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { OktaStandIn, OktaStandInOptions, StandInAgent } from "@mayfly/okta-stand-in";
import { root, startGateway, type GatewayProcess } from "./gateway.ts";
import { agentId, startProvider } from "./people.ts";
import { freePort } from "./ports.ts";
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from "./postgres.ts";
import { startReceiver, type Receiver } from "./receiver.ts";
import { shopConfiguration, shopSecrets, startShopDatabase } from "./shop.ts";
import { hookSecret } from "./signals.ts";
import { startAll, type Started } from "./undo.ts";

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
  /** Starts the gateway again after it was stopped or killed, with further options of `serve`. */
  restart(...options: readonly string[]): Promise<void>;
  /** Changes the configuration file. */
  edit(change: (text: string) => string): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Where the gateway keeps its grants. */
  readonly store: "sqlite" | "postgres";
  /** Changes the demo's configuration before the gateway starts. */
  readonly configure?: (text: string) => string;
  /** Called when everything stands and the gateway has not started yet. */
  readonly prepare?: (
    world: Pick<World, "folder" | "file" | "environment" | "okta" | "postgres">,
  ) => Promise<void>;
  /** Further variables of the gateway's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How the shop's database is started. */
  readonly database?: EmbeddedPostgresOptions;
  /** Whether the provider lets a browser that has signed in through without a page; false when left out. */
  readonly singleSignOn?: boolean;
  /** Public clients that the provider's administrator has made. */
  readonly publicClients?: readonly { readonly clientId: string }[];
  /** AI agents that are registered at the provider. */
  readonly registeredAgents?: OktaStandInOptions["registeredAgents"];
  /** The agent's public keys at the provider, and whether its app demands DPoP. */
  readonly agent?: { readonly agentKeys: StandInAgent["keys"]; readonly agentDpop: boolean };
  /** The public keys of the app as which the gateway asks Okta's API. */
  readonly apiKeys?: StandInAgent["keys"];
  /** Where the provider and the database listen, for a state that another world takes up; free ports when left out. */
  readonly ports?: { readonly provider: number; readonly database: number };
  /** Further options of `serve`. */
  readonly serve?: readonly string[];
  /** Which mayflyd, from the repository's folder; left out: the one that is run from its sources. */
  readonly bin?: string;
}

/** Starts everything: two to three seconds. */
export function startWorld(options: WorldOptions): Promise<World> {
  return startAll((started) => startWith(started, options));
}

async function startWith(
  { folder: makeFolder, onStop, stop }: Started,
  options: WorldOptions,
): Promise<World> {
  const folder = await makeFolder("world");
  const [https, port] = [await freePort(), await freePort()];
  const okta = await startProvider(`https://localhost:${https}`, {
    introspection: { clientId: "mayfly", clientSecret: "introspection-secret" },
    singleSignOn: options.singleSignOn ?? false,
    publicClients: options.publicClients ?? [],
    registeredAgents: options.registeredAgents ?? [],
    ...options.agent,
    ...(options.ports === undefined ? {} : { port: options.ports.provider }),
    ...(options.apiKeys === undefined ? {} : { apiKeys: options.apiKeys }),
  });
  onStop(() => okta.close());
  const receiver = await startReceiver();
  onStop(() => receiver.stop());
  await writeFile(path.join(folder, "okta-metadata.xml"), okta.saml.metadata());
  const postgres = await startShopDatabase({
    ...options.database,
    ...(options.ports === undefined ? {} : { port: options.ports.database }),
  });
  onStop(() => postgres.stop());
  if (options.store === "postgres") await postgres.run("CREATE DATABASE mayfly");
  const filled = await shopConfiguration({ https, postgres: port, okta, receiver, database: postgres });
  const stored =
    options.store === "sqlite"
      ? filled
      : filled.replace("store: sqlite:data/mayfly.db", "store: { postgres: { env: STORE_URL } }");
  const file = path.join(folder, "mayfly.yaml");
  await writeFile(file, (options.configure ?? ((text) => text))(stored));
  const environment = {
    ...shopSecrets(receiver, hookSecret),
    STORE_URL: postgres.url("mayfly"),
    INTROSPECTION_SECRET: "introspection-secret",
    ...options.environment,
  };
  await options.prepare?.({ folder, file, environment, okta, postgres });
  const world: World = {
    folder,
    file,
    okta,
    receiver,
    postgres,
    environment,
    gateway: await startGateway(file, environment, options.bin, options.serve),
    agentToken: () => okta.tokenFor({ agent: agentId }),
    personToken: (login) => okta.tokenFor({ person: login }),
    async restart(...more) {
      world.gateway = await startGateway(file, environment, options.bin, [...(options.serve ?? []), ...more]);
    },
    async edit(change) {
      await writeFile(file, change(await readFile(file, "utf8")));
    },
    stop,
  };
  onStop(() => world.gateway.stop("SIGKILL"));
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
