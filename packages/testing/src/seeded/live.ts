import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:https";
import pg from "pg";
import type { GatewayProcess } from "../gateway.ts";
import type { EmbeddedPostgres } from "../postgres.ts";
import type { LiveSeed } from "./scene.ts";

/** Work under way. */
export interface LiveWork {
  readonly stop: () => void;
}

/** What a client connects with. */
interface Entry {
  readonly gateway: GatewayProcess;
  readonly seed: LiveSeed;
}

/** A query that waits for the lock on the table, for ever: `beginWork` holds it. */
export const waitingQuery = "select id, total from public.payouts where status = 'held' order by id";

async function database({ gateway, seed }: Entry, sql: string, isOver: boolean): Promise<LiveWork> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: gateway.postgresPort,
    user: seed.grant,
    password: seed.secret,
    database: seed.episode.connection.name,
    application_name: seed.episode.agent.name,
    ssl: { ca: readFileSync(gateway.caFile, "utf8") },
  });
  client.on("error", () => undefined);
  await client.connect();
  const asked = client.query(sql);
  if (isOver) await asked;
  else asked.catch(() => undefined);
  return { stop: () => void client.end().catch(() => undefined) };
}

/** Sends a request; its answer's beginning, or the upgrade, is waited for. */
function open(
  { gateway, seed }: Entry,
  path: string,
  {
    body,
    ...options
  }: Omit<RequestOptions, "headers"> & {
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<LiveWork> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, gateway.url), {
      ...options,
      ca: readFileSync(gateway.caFile),
      // The connection stays, and with it the session.
      agent: options.agent ?? new Agent({ keepAlive: true }),
      headers: {
        "user-agent": `${seed.episode.agent.name}/1.0`,
        ...options.headers,
        authorization: `Bearer ${seed.grant}.${seed.secret}`,
      },
    });
    const work: LiveWork = { stop: () => outgoing.destroy() };
    outgoing.once("error", reject);
    outgoing.once("upgrade", (_, socket) => {
      socket.on("error", () => undefined).resume();
      resolve({ stop: () => socket.destroy() });
    });
    outgoing.once("response", (answer) => {
      let text = "";
      answer
        .on("error", () => undefined)
        .setEncoding("utf8")
        .on("data", (part: string) => (text = (text + part).slice(-500)));
      if ((answer.statusCode ?? 500) < 300) resolve(work);
      else answer.once("end", () => reject(new Error(`${path}: ${answer.statusCode} ${text}`)));
    });
    outgoing.end(body);
  });
}

const REPEAT_MS = 3000;

/** The same request again and again, on one connection, which an idle one would lose. */
async function repeated(entry: Entry, path: string, asked: Parameters<typeof open>[2]): Promise<LiveWork> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = (): Promise<LiveWork> => open(entry, path, { ...asked, agent });
  await call();
  const timer = setInterval(() => void call().catch(() => undefined), REPEAT_MS);
  return {
    stop() {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

const execPath =
  "/api/v1/namespaces/shop/pods/web-1/exec?container=app&command=ls&command=-la&stdout=true&stderr=true";

/** Begins what goes on with one grant. */
function begin(entry: Entry): Promise<LiveWork | undefined> {
  const { connection, operations, agent, emergency } = entry.seed.episode;
  const at = `/${connection.kind}/${connection.name}`;
  const name = operations[0]?.name ?? "";
  switch (`${agent.name} ${name}`) {
    case "analytics-bot read-sales":
      return database(entry, waitingQuery, false);
    case "support-bot read-orders":
      return database(entry, "select count(*) from public.orders where status = 'paid'", true);
    case "refund-bot follow":
      return open(entry, `${at}/v1/feed`);
    case "release-bot read-pods":
      return open(entry, `${at}/api/v1/namespaces/shop/pods?watch=true`);
    case "incident-bot debug-shop":
      return open(entry, `${at}${execPath}`, {
        headers: {
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": randomBytes(16).toString("base64"),
          "sec-websocket-protocol": "v5.channel.k8s.io",
        },
      });
    case "crm-bot look-up-customer": {
      const body = JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "get_customer", arguments: { id: 1 } },
      });
      return repeated(entry, at, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(body)),
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2025-06-18",
        },
      });
    }
    case "refund-bot refund-order":
      if (emergency)
        return database(entry, "update public.orders set status = 'refunded' where id = 7", true);
  }
  return Promise.resolve(undefined);
}

/**
 * Begins what goes on in the data set: one query that waits for ever, a feed, a watch, a command in a pod, and sessions that
 * are idle. Each is begun once, whatever further grants of its kind there are.
 */
export async function beginWork(
  gateway: GatewayProcess,
  postgres: EmbeddedPostgres,
  seeds: readonly LiveSeed[],
): Promise<LiveWork> {
  const lock = new pg.Client({ connectionString: postgres.url("shop") });
  lock.on("error", () => undefined);
  await lock.connect();
  await lock.query("BEGIN; LOCK TABLE public.payouts IN ACCESS EXCLUSIVE MODE");
  const begun: LiveWork[] = [];
  const seen = new Set<string>();
  for (const seed of seeds) {
    const { agent, operations, emergency } = seed.episode;
    const key = `${agent.name} ${operations[0]?.name ?? ""} ${String(emergency)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const work = await begin({ gateway, seed });
    if (work !== undefined) begun.push(work);
  }
  return {
    stop() {
      for (const work of begun) work.stop();
      void lock.end().catch(() => undefined);
    },
  };
}
