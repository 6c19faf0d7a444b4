import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { call } from "@mayfly/testing/api.ts";
import { type GatewayProcess, startGateway } from "@mayfly/testing/gateway.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import type { Started } from "@mayfly/testing/undo.ts";
import { type Disk, mountDisk } from "./disk.ts";
import { type Relay, startRelay } from "./relay.ts";
import type { ReplicatedStore } from "./store.ts";
import { type Upstreams, UPSTREAM_PASSWORD } from "./upstreams.ts";

/** One of the gateways, whether it runs or not. */
export interface Member {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  /** Between it and the store. */
  readonly link: Relay;
  /** What its data lie on, where a disk of its own could be mounted. */
  readonly disk: Disk | undefined;
  process: GatewayProcess | undefined;
  /** What the load balancer knows: the last answer of `/readyz`. */
  isReady: boolean;
}

/** A member that runs. */
export interface Serving {
  readonly url: string;
  readonly caFile: string;
  readonly postgresPort: number;
}

/** Three gateways on one store, and the load balancer's view of them. */
export interface Fleet {
  readonly members: readonly Member[];
  /** The host that all of them are called by. */
  readonly host: string;
  start(member: Member): Promise<void>;
  /** One that is ready, the next one each time; undefined while none is. */
  pick(): Serving | undefined;
  serving(member: Member): Serving | undefined;
}

/** How often the load balancer asks, and how long it waits, milliseconds. */
const PROBE_MS = 200;
const PROBE_TIMEOUT_MS = 1000;

export async function startFleet(
  { onStop }: Pick<Started, "onStop">,
  folder: string,
  okta: OktaStandIn,
  store: ReplicatedStore,
  upstreams: Upstreams,
  port: number,
): Promise<Fleet> {
  const members: Member[] = [];
  for (const [index, https] of [port, await freePort(), await freePort()].entries()) {
    const name = `gateway-${index + 1}`;
    const own = path.join(folder, name);
    const data = path.join(own, "data");
    await mkdir(data, { recursive: true, mode: 0o700 });
    const disk = await mountDisk({ onStop }, data);
    const link = await startRelay(store.primary.port);
    onStop(() => link.close());
    const text = configuration({ name, https, front: port, postgres: await freePort(), okta, upstreams });
    await writeFile(path.join(own, "mayfly.yaml"), text);
    members.push({
      name,
      folder: own,
      url: `https://localhost:${https}`,
      link,
      disk,
      process: undefined,
      isReady: false,
    });
  }
  onStop(async () => {
    for (const { process } of members) await process?.stop("SIGKILL");
  });
  const balancer = setInterval(() => void Promise.all(members.map(probe)), PROBE_MS);
  onStop(() => clearInterval(balancer));
  const serving = ({ process, url }: Member): Serving | undefined =>
    process === undefined ? undefined : { url, caFile: process.caFile, postgresPort: process.postgresPort };
  let turn = 0;
  const fleet: Fleet = {
    members,
    host: `localhost:${port}`,
    async start(member) {
      const { password } = store.primary;
      member.process = await startGateway(path.join(member.folder, "mayfly.yaml"), {
        STORE_URL: `postgres://postgres:${password}@127.0.0.1:${member.link.port}/mayfly`,
        UPSTREAM_PASSWORD,
      });
      await probe(member);
    },
    pick() {
      const ready = members.filter(({ isReady }) => isReady);
      const member = ready[(turn += 1) % Math.max(ready.length, 1)];
      return member === undefined ? undefined : serving(member);
    },
    serving,
  };
  for (const member of members) await fleet.start(member);
  return fleet;
}

async function probe(member: Member): Promise<void> {
  const { process } = member;
  if (process === undefined) {
    member.isReady = false;
    return;
  }
  const asked = { url: member.url, caFile: process.caFile };
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), PROBE_TIMEOUT_MS).unref();
  });
  const answer = await Promise.race([call(asked, undefined, "GET", "/readyz").catch(() => undefined), late]);
  member.isReady = member.process !== undefined && answer?.status === 200;
}

function configuration(of: {
  readonly name: string;
  readonly https: number;
  readonly front: number;
  readonly postgres: number;
  readonly okta: OktaStandIn;
  readonly upstreams: Upstreams;
}): string {
  const { okta, upstreams } = of;
  return `url: https://localhost:${of.front}
listen: { https: "127.0.0.1:${of.https}", postgres: "127.0.0.1:${of.postgres}" }
store: { postgres: { env: STORE_URL } }
audit: { name: ${of.name}, checkpoint_every: 2s }
shutdown: { drain: 10s, announce: 1s, end_idle: true }
limits: { sessions_per_principal: 1000, pending_per_principal: 1000 }
identity:
  agents:
    issuer: ${okta.issuer}
    audience: api://mayfly
    allow_insecure_loopback: true
    directory: { ${agentId}: { name: chaos-bot, groups: [chaos] } }
  people: { clients: [mayfly-cli] }
  roles: { operator: [platform], auditor: [security] }
connections:
  acts-db:
    postgres:
      host: 127.0.0.1
      port: ${upstreams.database.port}
      database: shop
      user: mayfly
      password: { env: UPSTREAM_PASSWORD }
      tls: disable
    operations:
      act: { description: Leave a row, statements: [insert], tables: { public.acts: [id] } }
  acts-api:
    http: { url: "${upstreams.apiUrl}" }
    operations:
      act: { description: Leave a line, requests: ["POST /v1/acts/{id}"] }
policies:
  - { name: acts in the database, groups: [chaos], connection: acts-db, operations: [act], ttl: { default: 5m, max: 15m } }
  - { name: acts over HTTP, groups: [chaos], connection: acts-api, operations: [act], ttl: { default: 5m, max: 15m } }
`;
}
