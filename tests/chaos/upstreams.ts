import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import type { Started } from "@mayfly/testing/undo.ts";

/** One act as an upstream itself has seen it, whatever the gateways say. */
export interface Seen {
  /** `GRANT-NUMBER`: whose act it is. */
  readonly mark: string;
  /** Milliseconds since the epoch, by the clock of the machine that all share. */
  readonly at: number;
}

/** The systems behind the gateways: a database in which each act leaves a row, and an API that counts its requests. */
export interface Upstreams {
  readonly database: EmbeddedPostgres;
  readonly apiUrl: string;
  seen(): Promise<readonly Seen[]>;
}

export const UPSTREAM_PASSWORD = "only-the-gateways-know";

export async function startUpstreams({ onStop }: Pick<Started, "onStop">): Promise<Upstreams> {
  const database = await startPostgres();
  onStop(() => database.stop());
  await database.run("CREATE DATABASE shop");
  for (const sql of [
    "CREATE TABLE public.acts (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())",
    `CREATE ROLE mayfly LOGIN PASSWORD '${UPSTREAM_PASSWORD}'`,
    "GRANT INSERT, SELECT ON public.acts TO mayfly",
  ])
    await database.run(sql, "shop");
  const asked: Seen[] = [];
  const server = createServer((request, response) => {
    asked.push({ mark: (request.url ?? "").split("/").at(-1) ?? "", at: Date.now() });
    request.resume().once("end", () => response.writeHead(201).end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onStop(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    database,
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async seen() {
      const client = new pg.Client({ connectionString: database.url("shop") });
      await client.connect();
      const { rows } = await client.query<Seen>(
        "select id as mark, (extract(epoch from at) * 1000)::float8 as at from public.acts",
      );
      await client.end();
      return [...rows, ...asked];
    },
  };
}
