import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { makeWorld } from "../../../packages/gateway/src/gate/testing/fakes.ts";
import { verifierOf } from "../../../packages/gateway/src/grants/lifecycle/secret-verifier.ts";
import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { messageOf } from "../../../packages/gateway/src/kernel/errors.ts";
import { createProtocols } from "../../../packages/gateway/src/main/protocols.ts";
import {
  dial,
  errorOf,
  frame,
  int32,
  type RawClient,
} from "../../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import type { Act, Ready } from "../case.ts";
import { certificates } from "./upstream.ts";

/** How the stand-in lets the gateway in. */
export interface StandInRules {
  /** `none`: speaks no TLS; `only`: lets nobody in without it. */
  readonly tls?: "none" | "only";
  /** The certificate: usually one for this address, from the CA in ca.pem. */
  readonly certificate?: "usual" | "for another host";
  readonly user?: string;
  readonly database?: string;
  /** Asked for in the clear, which the gateway gives to a server that it has verified. */
  readonly password?: string;
  /** Milliseconds before it says anything. */
  readonly pause?: number;
}

interface StandIn {
  readonly port: number;
  /** Parameters of the start-up messages. */
  readonly started: ReadonlyMap<string, string>[];
  close(): Promise<void>;
}

const sslRequest = 80_877_103;

/** A stand-in for a PostgreSQL server: logs clients in by its rules, and answers every query with nothing. */
async function startStandIn(rules: StandInRules): Promise<StandIn> {
  const { server: usual, elsewhere } = await certificates();
  const started: ReadonlyMap<string, string>[] = [];
  const sockets = new Set<Socket>();
  const context = createSecureContext(rules.certificate === "for another host" ? elsewhere : usual);
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket, false);
  });

  function serve(socket: Socket, secured: boolean): void {
    let bytes = Buffer.alloc(0);
    let stage: "start" | "password" | "ready" = "start";
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const head = stage === "start" ? 0 : 1;
        if (bytes.length < head + 4) return;
        const length = head + bytes.readUInt32BE(head);
        if (bytes.length < length) return;
        const message = bytes.subarray(0, length);
        bytes = bytes.subarray(length);
        if (stage !== "start") answer(message);
        else if (message.readUInt32BE(4) === sslRequest) {
          if (rules.tls === "none") socket.write("N");
          else {
            socket.off("data", onData);
            setTimeout(() => {
              socket.write("S");
              const upgraded = new TLSSocket(socket, { isServer: true, secureContext: context });
              upgraded.on("error", () => undefined);
              serve(upgraded, true);
            }, rules.pause ?? 0);
            return;
          }
        } else start(message);
      }
    };
    socket.on("data", onData);

    function start(message: Buffer): void {
      const texts = message.toString("utf8", 8).split("\0");
      const parameters = new Map<string, string>();
      for (let i = 0; i + 1 < texts.length && texts[i] !== ""; i += 2)
        parameters.set(texts[i] ?? "", texts[i + 1] ?? "");
      started.push(parameters);
      const wrong =
        (rules.tls === "only" && !secured) ||
        parameters.get("user") !== (rules.user ?? "mayfly") ||
        parameters.get("database") !== (rules.database ?? "shop");
      if (wrong) return refuse();
      if (rules.password === undefined) return letIn();
      stage = "password";
      socket.write(frame("R", int32(3)));
      return undefined;
    }

    function answer(message: Buffer): void {
      if (stage === "password") {
        if (message.toString("utf8", 5, message.length - 1) === rules.password) letIn();
        else refuse();
      } else {
        // What the gateway sends in the place of a refused text does not parse.
        const isRefused = message.includes("refused by Mayfly");
        const syntax = ["SERROR", "VERROR", "C42601", "Msyntax error", Buffer.from([0])];
        const done = isRefused ? frame("E", ...syntax) : frame("C", "SELECT 0");
        const ready = frame("Z", Buffer.from("I"));
        // The extended protocol is the gateway's own here: it tells time limits anew once some time has passed.
        const said = {
          Q: Buffer.concat([done, ready]),
          P: frame("1"),
          B: frame("2"),
          E: done,
          C: frame("3"),
          S: ready,
        };
        const reply = said[message.toString("latin1", 0, 1) as keyof typeof said] as Buffer | undefined;
        if (reply !== undefined) socket.write(reply);
      }
    }

    function letIn(): void {
      stage = "ready";
      const reported: Readonly<Record<string, string>> = {
        standard_conforming_strings: "on",
        client_encoding: "UTF8",
        server_encoding: "UTF8",
        search_path: '"public", pg_temp',
        default_transaction_read_only: "on",
      };
      const parameters = Object.entries(reported).map(([name, value]) => frame("S", name, value));
      const welcome = () =>
        socket.write(
          Buffer.concat([
            frame("R", int32(0)),
            ...parameters,
            frame("K", int32(1), int32(2)),
            frame("Z", Buffer.from("I")),
          ]),
        );
      setTimeout(welcome, rules.pause ?? 0);
    }

    function refuse(): void {
      socket.end(frame("E", "SFATAL", "VFATAL", "C28000", "Mno entry", Buffer.from([0])));
    }
  }

  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    started,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const kinds = () =>
  createProtocols({
    clock: systemClock,
    gateway: () => "catalogue",
    secureContext: () => createSecureContext(),
    allowsInsecureLoopback: () => true,
    url: () => "https://mayfly.internal:8443",
  });
const postgresOf = () => {
  const found = kinds().find(({ kind }) => kind === "postgres");
  if (found === undefined) throw new TypeError("there is no PostgreSQL");
  return found;
};

/** Loads the case's configuration before a stand-in. */
async function before<T>(
  load: Parameters<Act>[0],
  rules: StandInRules,
  act: (ready: Ready, standIn: StandIn) => Promise<T>,
): Promise<T> {
  const standIn = await startStandIn(rules);
  try {
    const { files } = await certificates();
    return await act(await load({ port: String(standIn.port) }, files), standIn);
  } finally {
    await standIn.close();
  }
}

/** Logs in at a stand-in as the gateway does, and asks whether it is well. */
export function reach(rules: StandInRules = {}): Act {
  return (load) =>
    before(load, rules, async ({ configuration }) => {
      const { target } = configuration.connections.get("orders") ?? {};
      try {
        await postgresOf().probe?.(target, AbortSignal.timeout(30_000));
        return "passed";
      } catch (error) {
        return `target | ${messageOf(error)}`;
      }
    });
}

/** One session of a client's, through the gateway, before a stand-in. */
export function session(
  act: (
    client: RawClient,
    started: readonly ReadonlyMap<string, string>[],
    /** Opens a further session of the same principal. */
    another: (grant: "the same grant" | "another grant") => Promise<string>,
  ) => Promise<string>,
): Act {
  return (load) =>
    before(load, {}, async ({ configuration }, { started }) => {
      const connection = configuration.connections.get("orders");
      if (connection === undefined) throw new TypeError("no connection orders");
      const { limits } = configuration;
      const world = makeWorld(connection, { ...limits });
      const grant = "gr_0000000000000001";
      // The session's limits in the database are counted from the same time as the grant's deadline.
      world.clock.stepWall(systemClock.wall() - world.clock.wall());
      world.activate(grant, 600_000);
      world.state.verifier = await verifierOf("secret");
      const protocol = postgresOf();
      await protocol.ready();
      const gate = world.gates.forProtocol(protocol);
      const server = createServer((socket) => protocol.serve?.(socket, gate));
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
      const { port } = server.address() as AddressInfo;
      const clients: RawClient[] = [];
      const logIn = async (user: string): Promise<readonly [RawClient, string]> => {
        const client = await dial(port);
        clients.push(client);
        const said = await client.logIn({ user, database: "orders", secret: "secret" });
        const last = said.at(-1);
        return [client, last?.type === "Z" ? "passed" : errorOf(last).message];
      };
      try {
        const [client] = await logIn(grant);
        return await act(client, started, async (which) => {
          const other = which === "the same grant" ? grant : "gr_0000000000000002";
          if (other !== grant) world.activate(other, 600_000);
          const [, outcome] = await logIn(other);
          return outcome;
        });
      } finally {
        for (const client of clients) client.close();
        world.end(grant, { state: "released", words: "the case is over" });
        await new Promise((resolve) => server.close(resolve));
      }
    });
}
