import type { OktaStandIn } from "@mayfly/okta-stand-in";
import pg from "pg";
import { oktaId } from "../../packages/okta-stand-in/src/directory/okta-id.ts";
import { pinOf } from "../../packages/gateway/src/protocols/mcp/upstream/pins.ts";
import { startConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import { startAll, type Started } from "@mayfly/testing/undo.ts";
import { protocols } from "./combinations.ts";
import { agreed, type Victim } from "./send.ts";
import { now, startUpstreams, type Upstreams, waitTool } from "@mayfly/testing/endless-upstreams.ts";

/** A gateway as a process in front of four systems, with Okta's stand-in and everybody who works here. */
export interface Scene {
  readonly gateway: GatewayProcess;
  readonly okta: OktaStandIn;
  readonly upstreams: Upstreams;
  readonly victims: readonly Victim[];
  /** Client ids of those whose sessions go on beside. */
  readonly bystanders: readonly string[];
  /** Tokens of those who may revoke, each of whom may do so many times a minute. */
  readonly operators: readonly string[];
  /** Looks at the database until a backend works, or does not; says when. */
  backendIs(pid: number, busy: boolean): Promise<number>;
  stop(): Promise<void>;
}

/** Between two looks at a backend, milliseconds: what the time of its end is late by at most, beside the look itself. */
const LOOK_MS = 1;
/** Connections that look, and how long one looks. */
const LOOKERS = 4;
const MAX_LOOKING_MS = 60_000;

const operators = Array.from({ length: 40 }, (_, at) => `operator${at}@example.com`);

/**
 * Starts everything; a failure stops what was started.
 * @param backends how many the database must hold at once
 */
export function startScene(size: SceneSize): Promise<Scene> {
  return startAll((started) => startWith(started, size));
}

interface SceneSize {
  readonly victims: number;
  readonly bystanders: number;
  readonly backends: number;
}

async function startWith({ onStop, stop }: Started, size: SceneSize): Promise<Scene> {
  const postgres = await startPostgres({ settings: { max_connections: String(size.backends) } });
  onStop(() => postgres.stop());
  await postgres.run("create role bench login password 'bench-password'");
  const admin = new pg.Pool({ connectionString: postgres.url(), max: LOOKERS });
  admin.on("error", () => undefined);
  onStop(() => admin.end());
  const upstreams = await startUpstreams();
  onStop(() => upstreams.close());

  const victims = Array.from({ length: size.victims }, (_, at): Victim => {
    const person = `person${at}@example.com`;
    return { client: `0oavictim${at}`, person, uid: oktaId("00u", person) };
  });
  const bystanders = Array.from({ length: size.bystanders }, (_, at) => `0oabystander${at}`);
  const clients = [...victims.map(({ client }) => client), ...bystanders];
  const limits = {
    connections: 8000,
    connections_per_address: 8000,
    sessions_per_grant: 4000,
    sessions_per_principal: 4000,
  };
  const configured = await startConfiguredGateway({
    name: "bench-signals",
    agents: Object.fromEntries(clients.map((id) => [id, ["bench"]])),
    provider: {
      people: [
        ...operators.map((login) => ({ login, name: login, groups: ["platform"] })),
        ...victims.map(({ person, uid }) => ({ login: person, name: person, groups: [], uid })),
      ],
      // The org publishes its keys only where somebody can sign in.
      web: { clientId: agreed.app, clientSecret: "secret-of-the-console", redirectUris: [] },
    },
    postgres: "tls",
    limits,
    files: { "cluster.pem": upstreams.cluster.ca },
    environment: {
      BENCH_PASSWORD: "bench-password",
      HOOK_SECRET: agreed.hookSecret,
      SSF_AUTHORIZATION: agreed.ssfAuthorization,
    },
    identity: `  signals:
    event_hooks: { secret: { env: HOOK_SECRET } }
    global_token_revocation: { clients: [${agreed.app}] }
    ssf: { authorization: { env: SSF_AUTHORIZATION } }
  people: { clients: [mayfly-cli] }
  roles: { operator: [platform] }
`,
    configuration: `connections:
  postgres:
    postgres: { host: 127.0.0.1, port: ${postgres.port}, database: postgres, user: bench, password: { env: BENCH_PASSWORD }, tls: disable }
    operations:
      work: { description: Sleep, statements: [select], functions: [pg_catalog.pg_sleep] }
  http:
    http: { url: "${upstreams.httpUrl}" }
    operations:
      work: { description: Follow a stream, requests: ["GET /stream/{id}"] }
  kubernetes:
    kubernetes: { server: "${upstreams.cluster.url}", ca: cluster.pem, token: { env: BENCH_PASSWORD } }
    operations:
      work:
        description: Run a command
        exec: { namespaces: [shop], names: [web-1], commands: [[sleep, "*"]] }
  mcp:
    mcp: { url: "${upstreams.mcpUrl}", pins: { wait: "${pinOf(waitTool)}" } }
    operations:
      work:
        description: Wait
        tools: { wait: { type: object, properties: { id: { type: integer } }, required: [id], additionalProperties: false } }
policies:
${protocols.map((name) => `  - { name: bench ${name}, groups: [bench], connection: ${name}, operations: [work], ttl: 8h }`).join("\n")}
`,
  });
  onStop(() => configured.stop());
  const { gateway, okta } = configured;

  return {
    gateway,
    okta,
    upstreams,
    victims,
    bystanders,
    operators: await Promise.all(operators.map((person) => okta.tokenFor({ person }))),
    async backendIs(pid, busy) {
      for (const until = now() + MAX_LOOKING_MS; now() < until;) {
        const { rowCount } = await admin.query(
          "select from pg_stat_get_activity($1) where state = 'active' and query like 'select pg_sleep%'",
          [pid],
        );
        if ((rowCount === 1) === busy) return now();
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      throw new Error(`backend ${pid} ${busy ? "did not begin" : "did not end"} its work`);
    },
    stop,
  };
}
