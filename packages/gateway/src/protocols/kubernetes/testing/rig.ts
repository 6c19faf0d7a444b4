import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { makeCertificate } from "@mayfly/kubernetes-stand-in";
import { makeWorld, type World } from "../../../gate/testing/fakes.ts";
import { createRouter, type Router } from "../../../gate/web/router.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { Secret, TextFile } from "../../../kernel/secret.ts";
import { createKubernetes } from "../index.ts";
import { checkScope, scopeSchema } from "../scope.ts";
import { targetSchema } from "../target.ts";

/** A gateway's router over HTTPS, with a gate in memory, before a cluster. */
export interface Rig {
  readonly world: World;
  readonly router: Router;
  /** Of the gateway, with the connection's path. */
  readonly url: string;
  /** PEM of the router's certificate. */
  readonly ca: string;
  /** A connection to the router, for tests that act in steps. */
  connect(): TLSSocket;
  /** What the log holds, by type. */
  records(type: string): readonly Record<string, unknown>[];
  close(): Promise<void>;
}

/** The bearer that the rig's agent shows. */
export const bearer = "good.0oabot";
export const grant = "gr_0000000000000001";

/** Starts a rig with one active grant of all operations. @param cluster where it is; its CA, where it has one */
export async function startRig(
  cluster: { readonly url: string; readonly ca?: string; readonly token: string },
  written: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Rig> {
  const ca = cluster.ca === undefined ? undefined : new TextFile("ca.pem");
  ca?.load(cluster.ca ?? "");
  const parsed = targetSchema.parse({ server: cluster.url, token: { env: "TOKEN" }, ...more });
  const target = {
    ...parsed,
    token: new Secret(cluster.token),
    ...(ca === undefined ? {} : { ca }),
  };
  const operations = new Map(
    Object.entries(written).map(([name, each]) => {
      const scope = scopeSchema.parse(each);
      const problems = checkScope(scope);
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      return [name, { name, description: "", risk: "low" as const, scope, digest: "d" }];
    }),
  );
  const world = makeWorld({ name: "prod", kind: "kubernetes", target, operations });
  world.activate(grant, 600_000);
  const { certificate, key } = await makeCertificate();
  const server = createServer({ cert: certificate, key, shouldUpgradeCallback: () => true });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}`;
  const protocol = createKubernetes({ clock: systemClock, url: () => url });
  if (protocol.web === undefined) throw new Error("no handler");
  const router = createRouter(
    [{ kind: "kubernetes", handler: protocol.web, gate: world.gates.forProtocol(protocol) as never }],
    url,
    (error) => world.faults.push(error),
  );
  server.on("request", (request, response) => router.request(request, response, false));
  server.on("checkContinue", (request, response) => router.request(request, response, true));
  server.on("upgrade", (request, socket, head) => router.upgrade(request, socket, head));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  return {
    world,
    router,
    url: `${url}/kubernetes/prod`,
    ca: certificate,
    connect() {
      const socket = connect({ port, host: "127.0.0.1", ca: certificate });
      socket.on("error", () => undefined);
      sockets.add(socket);
      return socket;
    },
    records: (type) =>
      world.log.written.filter((record) => record.type === type).map(({ detail }) => ({ ...detail })),
    async close() {
      for (const socket of sockets) socket.destroy();
      world.gates.stop("test over", 10).catch(() => undefined);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
