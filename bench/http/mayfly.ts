import { startBenchGateway, type BenchGateway } from "../gateway.ts";
import type { Peer } from "./peers.ts";

export interface MayflyOptions {
  /** The port of the API. */
  readonly api: number;
  readonly name?: string;
  /** The mayflyd.js of another checkout. */
  readonly bin?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Mayfly before the API, with checking and recording on. */
export async function startMayfly({
  api,
  name = "Mayfly",
  bin,
  environment = {},
}: MayflyOptions): Promise<Peer & { readonly gateway: BenchGateway }> {
  const gateway = await startBenchGateway({
    bin,
    environment: { API_AUTH: "Bearer bench", ...environment },
    connections: {
      api: {
        http: { url: `http://127.0.0.1:${api}`, headers: { authorization: { env: "API_AUTH" } } },
        operations: { read: { requests: ["GET /{name}"] } },
      },
    },
  });
  const { secret } = await gateway.access("api");
  return {
    name,
    url: `${gateway.url}/http/api`,
    headers: [`Authorization: Bearer ${secret}`],
    processes: [gateway.pid],
    gateway,
  };
}
