import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import pg from "pg";
import type { Access } from "./api.ts";
import { now, spoken, type Upstreams } from "./endless-upstreams.ts";
import type { GatewayProcess } from "./gateway.ts";

/** Work under way on a grant, and when it was over on either side. */
export interface Task {
  /** The client's socket is dead, or its answer has ended. */
  readonly dead: Promise<number>;
  /** When the upstream does not work on it any more; looks for it from the call on. */
  readonly cancelled: () => Promise<number>;
  /** Resolves when the client has heard what the upstream says of this work; undefined of a query. */
  readonly heard?: Promise<void>;
}

/** How somebody comes in. */
export interface Entry {
  readonly gateway: GatewayProcess;
  readonly upstreams: Upstreams;
  readonly access: Access;
  /** The grant's secret or, left out, none: the token is shown. */
  readonly secret?: string;
  readonly token: string;
  /** Waits until a backend of the database works, or until it works no more; says when. */
  readonly backendIs: (pid: number, busy: boolean) => Promise<number>;
}

/** Kinds of work, each over a connection of its protocol. */
export type Work = "postgres" | "http" | "websocket" | "kubernetes" | "logs" | "mcp";

/** The headers that ask for a WebSocket. */
const webSocket = (): Record<string, string> => ({
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": randomBytes(16).toString("base64"),
});

/** Begins work of that number, and resolves once the upstream is at it. */
export const begin: Readonly<Record<Work, (entry: Entry, work: number) => Promise<Task>>> = {
  async postgres({ gateway, access, secret, token, backendIs }, work) {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: gateway.postgresPort,
      user: secret === undefined ? `${access.grant}.token` : access.grant,
      password: secret ?? token,
      database: "postgres",
      ssl: { ca: readFileSync(gateway.caFile, "utf8") },
    });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    const dead = new Promise<number>((resolve) => {
      stream.once("end", () => resolve(now()));
      stream.once("close", () => resolve(now()));
    });
    client.query(`select pg_sleep(${100_000 + work})`).catch(() => undefined);
    const pid = rows[0]?.pid ?? 0;
    await backendIs(pid, true);
    return { dead, cancelled: () => backendIs(pid, false) };
  },
  async http(entry, work) {
    const opened = await open(entry, work, { path: `/http/http/stream/${work}` });
    return begun(entry, work, opened);
  },
  async kubernetes(entry, work) {
    const opened = await open(entry, work, {
      path: `/kubernetes/kubernetes/api/v1/namespaces/shop/pods/web-1/exec?container=app&command=sleep&command=${work}&stdout=true&stderr=true`,
      headers: { ...webSocket(), "sec-websocket-protocol": "v5.channel.k8s.io" },
    });
    return begun(entry, work, opened);
  },
  async websocket(entry, work) {
    const opened = await open(entry, work, { path: `/http/http/live/${work}`, headers: webSocket() });
    return begun(entry, work, opened);
  },
  async logs(entry, work) {
    const path = `/kubernetes/kubernetes/api/v1/namespaces/shop/pods/web-1/log?container=app&follow=true&sinceSeconds=${work}`;
    const opened = await open(entry, work, { path });
    return begun(entry, work, opened);
  },
  async mcp(entry, work) {
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: work,
      method: "tools/call",
      params: { name: "wait", arguments: { id: work } },
    });
    const opened = await open(entry, work, {
      path: "/mcp/mcp",
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(body)),
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18",
      },
      body,
      isSilent: true,
    });
    return begun(entry, work, opened);
  },
};

/** A request that was sent. */
interface Opened extends Pick<Task, "dead" | "heard"> {
  /** Rejects with what was answered, should an answer come before the work has begun. */
  readonly refused: Promise<never>;
}

/** Waits until the upstream is at it. @throws Error with the answer, where one came instead */
async function begun({ upstreams }: Entry, work: number, { refused, ...task }: Opened): Promise<Task> {
  await Promise.race([upstreams.begun(work), refused]);
  return { ...task, cancelled: () => upstreams.cancelled(work) };
}

/**
 * Sends a request on a connection of its own.
 * @param asked `isSilent`: no answer comes before the end, so none is waited for
 * @returns when its socket is dead or its answer has ended
 */
function open(
  { gateway, secret, token }: Entry,
  work: number,
  asked: Omit<RequestOptions, "headers"> & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly isSilent?: boolean;
  },
): Promise<Opened> {
  const { body, isSilent, headers, ...options } = asked;
  const over = Promise.withResolvers<number>();
  const heard = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<never>();
  // Nobody waits for it once the work has begun.
  refused.promise.catch(() => undefined);
  const opened: Opened = { dead: over.promise, heard: heard.promise, refused: refused.promise };
  let text = "";
  const hear = (part: Buffer): void => {
    text = (text + String(part)).slice(-500);
    if (text.includes(spoken(work))) heard.resolve();
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      refused.reject(error);
      reject(error);
    };
    const outgoing = request(new URL(gateway.url), {
      ...options,
      ca: readFileSync(gateway.caFile),
      agent: false,
      headers: {
        ...headers,
        authorization: `Bearer ${secret ?? token}`,
      },
    });
    const end = (): void => over.resolve(now());
    outgoing.once("error", (error) => {
      end();
      fail(error);
    });
    outgoing.once("socket", (socket) => socket.once("close", end));
    outgoing.once("response", (answer) => {
      answer.on("error", end).once("end", end);
      answer.on("data", hear);
      answer.once("end", () => fail(new Error(`${asked.path ?? ""}: ${answer.statusCode} ${text}`)));
      if (answer.statusCode === 200) resolve(opened);
    });
    outgoing.once("upgrade", (_, socket) => {
      socket.on("error", end).once("end", end).once("close", end);
      socket.on("data", hear);
      resolve(opened);
    });
    outgoing.end(body);
    if (isSilent === true) resolve(opened);
  });
}
