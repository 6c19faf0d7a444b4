// The parties of an MCP measurement: a server of the official SDK, a gateway before it, and a client as a process of its own.
import { spawn } from "node:child_process";
import { root } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { pinOf } from "../../packages/gateway/src/protocols/mcp/upstream/pins.ts";
import { makeCertificate } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { type BenchGateway, startBenchGateway } from "../gateway.ts";
import { makePlace } from "../http/peers.ts";
import type { Load } from "../measure/sampler.ts";
import { startListening } from "../processes.ts";
import { tool } from "./tool.ts";

/** What one run of the client measured. */
export interface Run {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Where a client calls, and how. */
export interface Way {
  readonly url: string;
  readonly ca: string;
  readonly bearer: string;
  /** Whether it asks for the tools' definitions before each call. */
  readonly lists: boolean;
}

/** The server, and the gateway before it. */
export interface Parties {
  readonly server: number;
  readonly gateway: BenchGateway;
  readonly direct: Way;
  readonly mayfly: Way;
}

/**
 * Starts them.
 * @param undo gets what ends each of them
 * @param options `bin`: the mayflyd.js of another checkout
 */
export async function startParties(
  undo: (() => unknown)[],
  options: { readonly bin?: string | undefined; readonly environment?: Readonly<Record<string, string>> },
): Promise<Parties> {
  const tls = await makeCertificate();
  const place = await makePlace(tls);
  undo.push(() => place.remove());
  const [port, tlsPort] = [await freePort(), await freePort()];
  const args = ["bench/mcp/server.ts", String(port), String(tlsPort), place.certificate, place.key];
  const server = await startListening("node", args, tlsPort);
  undo.push(() => server.stop());
  const gateway = await startBenchGateway({
    ...options,
    connections: {
      orders: {
        mcp: { url: `http://127.0.0.1:${port}/mcp`, pins: { [tool.name]: pinOf(tool) } },
        operations: { read: { tools: { [tool.name]: tool.inputSchema } } },
      },
    },
  });
  undo.push(() => gateway.close());
  const { secret } = await gateway.access("orders");
  return {
    server: server.pid,
    gateway,
    direct: { url: `https://127.0.0.1:${tlsPort}/mcp`, ca: tls.file, bearer: "none", lists: false },
    mayfly: { url: `${gateway.url}/mcp/orders`, ca: gateway.caFile, bearer: secret, lists: false },
  };
}

/** Starts a client that calls for a while, one call at a time on each connection. */
export function startClient(way: Way, connections: number, seconds: number): Load<Run> {
  const child = spawn(
    "node",
    ["bench/mcp/client.ts", way.url, way.ca, String(connections), String(seconds), String(way.lists)],
    { cwd: root, env: { ...process.env, BENCH_BEARER: way.bearer }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const done = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as Run);
      else reject(new Error(`the client of ${way.url} ended with ${code}`));
    });
  });
  return { pid: child.pid ?? 0, done };
}
