import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttp2, type Http2Server } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { makeWorld, type World } from "../../../gate/testing/fakes.ts";
import { createRouter, type Router } from "../../../gate/web/router.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { Secret, TextFile } from "../../../kernel/secret.ts";
import { createHttp } from "../index.ts";
import { checkScope, scopeSchema } from "../scope.ts";
import { targetSchema } from "../target.ts";

/** A gateway's router over plain HTTP/1.1, with a gate in memory, before an API that the test writes. */
export interface Rig {
  readonly world: World;
  readonly router: Router;
  readonly port: number;
  readonly upstreamPort: number;
  /** Sends raw bytes and gives what came back until the connection closed or `until` was seen. */
  raw(bytes: string, until?: RegExp): Promise<string>;
  /** A connection to the router, for tests that act in steps. */
  connect(): Socket;
  /** What the log holds, by type. */
  records(type: string): readonly Record<string, unknown>[];
  close(): Promise<void>;
}

export interface RigOptions {
  readonly api: RequestListener;
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly operations: Readonly<Record<string, unknown>>;
  readonly target?: Readonly<Record<string, unknown>>;
  /** The text of every body's schema file. */
  readonly schema?: string;
  readonly http2?: boolean;
}

/** The rig's grant and the bearer that its agent shows. */
export const bearer = "good.0oabot";

function listen(server: Server | Http2Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Starts a rig with one active grant of all operations. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const api = options.http2 === true ? createHttp2(options.api as never) : createServer(options.api);
  const upgraded = new Set<Duplex>();
  const { onUpgrade } = options;
  if (onUpgrade !== undefined)
    api.on("upgrade", (request: IncomingMessage, socket: Duplex, first: Buffer) => {
      upgraded.add(socket);
      socket.on("end", () => socket.end());
      onUpgrade(request, socket, first);
    });
  const upstreamPort = await listen(api);
  const secret = new Secret("Bearer only-the-gateway-knows");
  const target = {
    ...targetSchema.parse({ url: `http://127.0.0.1:${upstreamPort}/base`, ...options.target }),
    headers: { authorization: secret },
  };
  const operations = new Map(
    Object.entries(options.operations).map(([name, written]) => {
      const scope = scopeSchema.parse(written);
      if (scope.body?.schema instanceof TextFile) scope.body.schema.load(options.schema ?? "{}");
      const problems = checkScope(scope);
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      return [name, { name, description: "", risk: "low" as const, scope, digest: "d" }];
    }),
  );
  const world = makeWorld({ name: "api", kind: "http", target, operations });
  world.activate("gr_0000000000000001", 60_000);
  const protocol = createHttp({ clock: systemClock, url: () => "http://mayfly.test" });
  if (protocol.web === undefined) throw new Error("no handler");
  const router = createRouter(
    [{ kind: "http", handler: protocol.web, gate: world.gates.forProtocol(protocol) as never }],
    "http://mayfly.test",
    (error) => world.faults.push(error),
  );
  const server = createServer({ shouldUpgradeCallback: () => true });
  server.on("request", (request, response) => router.request(request, response, false));
  server.on("checkContinue", (request, response) => router.request(request, response, true));
  server.on("upgrade", (request, socket, head) => router.upgrade(request, socket, head));
  const port = await listen(server);
  const sockets = new Set<Socket>();
  const open = (): Socket => {
    const socket = connect(port, "127.0.0.1");
    sockets.add(socket);
    socket.on("error", () => undefined);
    return socket;
  };
  return {
    world,
    router,
    port,
    upstreamPort,
    connect: open,
    raw(bytes, until) {
      return new Promise((resolve) => {
        const socket = open();
        let all = "";
        socket.setEncoding("latin1").on("data", (text: string) => {
          all += text;
          if (until?.test(all) === true) {
            socket.destroy();
            resolve(all);
          }
        });
        socket.once("close", () => resolve(all));
        socket.write(bytes, "latin1");
      });
    },
    records: (type) =>
      world.log.written.filter((record) => record.type === type).map(({ detail }) => ({ ...detail })),
    async close() {
      for (const socket of [...sockets, ...upgraded]) socket.destroy();
      world.gates.stop("test over", 10).catch(() => undefined);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if ("closeAllConnections" in api) api.closeAllConnections();
      await new Promise((resolve) => api.close(resolve));
    },
  };
}

/** The head of a request to the rig. */
export function head(method: string, path: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({
    Host: "mayfly.test",
    Authorization: `Bearer ${bearer}`,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} /http/api${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
