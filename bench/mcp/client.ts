// Calls one tool again and again over some connections, one call at a time on each, and prints what came of it as JSON.
// `node bench/mcp/client.ts URL CA CONNECTIONS SECONDS LISTS`, with the bearer in BENCH_BEARER.
import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { quantile } from "../quantile.ts";

const [url = "", ca = "", connections = "1", seconds = "1", lists = "false"] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
// HTTP/1.1, as the SDK's client speaks by Node's own fetch.
const pool = new Pool(origin, {
  connections: Number(connections),
  connect: { ca: readFileSync(ca) },
  allowH2: false,
});
const headers = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2025-06-18",
  authorization: `Bearer ${process.env["BENCH_BEARER"] ?? "none"}`,
};
const took: number[] = [];
const end = performance.now() + Number(seconds) * 1000;

async function ask(id: string, method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: pathname,
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
  });
  const { result } = (await body.json()) as { readonly result?: Readonly<Record<string, unknown>> };
  if (statusCode !== 200 || result === undefined || result["isError"] === true)
    throw new Error(`the call was answered with ${statusCode}: ${JSON.stringify(result)}`);
  return result;
}

async function callOnAndOn(): Promise<void> {
  for (let id = 1; performance.now() < end; id += 1) {
    const started = performance.now();
    if (lists === "true") await ask(`list-${id}`, "tools/list", {});
    await ask(`call-${id}`, "tools/call", { name: "get_order", arguments: { id } });
    took.push(performance.now() - started);
  }
}

const started = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, callOnAndOn));
const callsPerSecond = (took.length * 1000) / (performance.now() - started);
await pool.close();
console.log(JSON.stringify({ callsPerSecond, p50: quantile(took, 0.5), p99: quantile(took, 0.99) }));
