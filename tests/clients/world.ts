import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { startConfiguredGateway, type ConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { startAll } from "@mayfly/testing/undo.ts";
import type { Client, ScopeName } from "./clients.ts";

const here = import.meta.dirname;
const agent = "0oaclients";

/** What clients are run against: the same database directly, and through a gateway with two scopes. */
export type Way = "direct" | ScopeName;

/** One step of a script: its name, and what came out, as JSON. */
export type Outcome = ReadonlyMap<string, string>;

export interface ClientWorld {
  /** Runs a client's script on fresh rows and gives what each of its steps printed. */
  work(client: Client, way: Way): Promise<Outcome>;
  /** Runs it through the gateway, ends its grant in the middle, and gives what each step printed. */
  life(client: Client): Promise<Outcome>;
  /** The database itself. */
  readonly postgres: EmbeddedPostgres;
  /** The gateway, for what asks it itself. */
  readonly gateway: GatewayProcess;
  /** An access token of the agent that may have every operation of `shop`. */
  token(): Promise<string>;
  stop(): Promise<void>;
}

const tables = "public.customer: all, public.item: all";
const scope = (statements: string, catalog: "granted" | "true"): string =>
  `{ statements: [${statements}], tables: { ${tables} }, types: [public.mood], catalog: ${catalog} }`;
const writing = "select, insert, update, delete, copy_from, copy_to";

function configuration(postgres: EmbeddedPostgres): string {
  return `connections:
  shop:
    postgres: { host: 127.0.0.1, port: ${postgres.port}, database: shop, user: mayfly, password: { env: SHOP_PASSWORD }, tls: disable }
    operations:
      narrow-read: ${scope("select", "granted")}
      narrow-write: ${scope(writing, "granted")}
      catalog-read: ${scope("select", "true")}
      catalog-write: ${scope(writing, "true")}
policies:
  - { name: clients, groups: [clients], connection: shop, operations: [narrow-read, narrow-write, catalog-read, catalog-write], ttl: 10m }
`;
}

const operations: Readonly<Record<ScopeName, readonly string[]>> = {
  narrow: ["narrow-read", "narrow-write"],
  catalog: ["catalog-read", "catalog-write"],
};

/** The environment of a client: the way in and nothing of the tests' own. */
function environmentOf(variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  return { ...Object.fromEntries(kept), TZ: "UTC", LC_ALL: "C.UTF-8", ...variables };
}

/** Starts a script. `when` is told each step as it is printed and may write to its standard input. */
function runScript(
  client: Client,
  mode: "work" | "life",
  variables: Readonly<Record<string, string>>,
  when: (step: string, go: () => void) => void = () => undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = client.command;
    const child = spawn(program, [...args, mode], {
      cwd: path.join(here, "scripts"),
      env: environmentOf({ ...variables, ...client.environment }),
    });
    const outcome = new Map<string, string>();
    let [line, error] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const one of lines) {
        // Some clients write warnings of their own beside it.
        if (!one.startsWith('["')) continue;
        const [name, value] = JSON.parse(one) as [string, unknown];
        outcome.set(name, JSON.stringify(value));
        when(name, () => child.stdin.end("go\n"));
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (error += text));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(outcome);
      else
        reject(
          new Error(`${client.name} ended with ${code}\n${[...outcome].join("\n")}\n${error.slice(-4000)}`),
        );
    });
  });
}

/** Starts the database and the gateway: about three seconds. @param settings further ones of the database */
export function startClientWorld(settings: Readonly<Record<string, string>> = {}): Promise<ClientWorld> {
  return startAll(async ({ onStop, stop }) => {
    const postgres = await startPostgres({ settings });
    onStop(() => postgres.stop());
    await postgres.run("create database shop");
    await postgres.run(readFileSync(path.join(here, "schema.sql"), "utf8"), "shop");
    const rows = readFileSync(path.join(here, "rows.sql"), "utf8");
    const password = "only-the-gateway-knows";
    const configured: ConfiguredGateway = await startConfiguredGateway({
      name: "clients",
      agents: { [agent]: ["clients"] },
      postgres: "tls",
      environment: { SHOP_PASSWORD: password },
      configuration: configuration(postgres),
    });
    onStop(() => configured.stop());
    const { gateway, okta } = configured;
    const access = async (way: ScopeName): Promise<Access> =>
      getAccess(gateway, await okta.tokenFor({ agent }), "shop", operations[way]);
    const direct = {
      PGHOST: "127.0.0.1",
      PGPORT: String(postgres.port),
      PGUSER: "mayfly",
      PGPASSWORD: password,
      PGDATABASE: "shop",
      PGSSLMODE: "disable",
    };
    const through = ({ env }: Access): Record<string, string> => ({ ...env, PGSSLROOTCERT: gateway.caFile });
    return {
      postgres,
      gateway,
      token: () => okta.tokenFor({ agent }),
      async work(client, way) {
        await postgres.run(rows, "shop");
        return runScript(client, "work", way === "direct" ? direct : through(await access(way)));
      },
      async life(client) {
        const given = await access("narrow");
        const token = await okta.tokenFor({ agent });
        return runScript(client, "life", through(given), (step, go) => {
          if (step === "ready") void call(gateway, token, "DELETE", `/v1/grants/${given.grant}`).then(go, go);
        });
      },
      stop,
    };
  });
}
