import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { startLeaving, type Leaving } from "../../../packages/gateway/src/audit/leaving/leaving.ts";
import { createBucket } from "../../../packages/gateway/src/audit/leaving/bucket.ts";
import { checkpointOf } from "../../../packages/gateway/src/audit/leaving/testing/scene.ts";
import type { Act } from "../case.ts";
import { certificates } from "./upstream.ts";

/** Checkpoints that leave as the configuration says. */
export interface LeavingNow {
  readonly folder: string;
  readonly leaving: Leaving;
  readonly clock: FakeClock;
  /** Offers a checkpoint of so many records, and waits until the destination has it or says why not. */
  readonly bring: (size: number) => Promise<string>;
}

/** The operator's certificates are beside the configuration. @param fill what `{{NAME}}` stands for in it */
export function leaves(
  act: (now: LeavingNow) => Promise<string>,
  fill: Readonly<Record<string, string>> = {},
): Act {
  return async (load) => {
    const { configuration, folder } = await load(fill, (await certificates()).files);
    const { checkpoints } = configuration.audit;
    if (checkpoints === undefined) return "nothing leaves";
    const cosigned = path.join(folder, "cosigned");
    mkdirSync(cosigned);
    const clock = fakeClock();
    const problems: string[] = [];
    const leaving = startLeaving({
      settings: checkpoints,
      origin: "gateway.test",
      cosigned,
      clock,
      prover: { proveGrowth: async () => [], close: async () => undefined },
      onProblem: (_, problem) => problems.push(problem),
      onRecovered: () => undefined,
    });
    try {
      return await act({
        folder,
        leaving,
        clock,
        async bring(size) {
          leaving.offer(checkpointOf(size));
          clock.advance(1);
          while (problems.length === 0 && !leaving.states().every(({ records }) => records === size))
            await new Promise((resolve) => setTimeout(resolve, 2));
          return problems.length === 0 ? "passed" : `failed | ${problems.join()}`;
        },
      });
    } finally {
      await leaving.stop();
    }
  };
}

/** A file of the archive that goes on to the bucket, as the configuration says. */
export function archives(
  act: (now: Pick<LeavingNow, "bring">) => Promise<string>,
  fill: Readonly<Record<string, string>> = {},
): Act {
  return async (load) => {
    const { configuration } = await load(fill, (await certificates()).files);
    const settings = configuration.audit.retention?.bucket;
    if (settings === undefined) return "nothing leaves";
    const bucket = createBucket(settings, fakeClock());
    try {
      return await act({
        bring: (size) =>
          bucket
            .store(
              {
                key: `gateway.test/${size}`,
                body: Buffer.from("records"),
                contentType: "application/octet-stream",
                what: "it",
              },
              new AbortController().signal,
            )
            .then(
              () => "passed",
              (error: unknown) => `failed | ${(error as Error).message}`,
            ),
      });
    } finally {
      bucket.close();
    }
  };
}

/** What becomes of what would leave to a server that is not known, and of its address without TLS. */
export const refusals = {
  untrusted: /^failed \|.*(?:certificate|CERT|SELF_SIGNED|UNABLE_TO_VERIFY)/,
  insecure: /^configuration \| this must start with https/,
} as const;

/** What a server got. */
export interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/**
 * Brings one checkpoint to a server whose address is `{{url}}`.
 * @param show what came of it, from the first request
 * @param via what brings it, where it is no checkpoint
 */
export function toServer(
  answer: (got: Got) => { readonly status: number; readonly body?: string },
  show: (got: Got, came: string) => string = (_, came) => came,
  over: "tls" | "plain" = "plain",
  via: typeof archives = leaves,
): Act {
  return async (load) => {
    const { server: own } = await certificates();
    const all: Got[] = [];
    const listener: RequestListener = (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const body = Buffer.concat(parts).toString("utf8");
        const { method = "", url = "", headers } = request;
        const got = { method, path: url, headers, body };
        all.push(got);
        const { status, body: said } = answer(got);
        response.writeHead(status).end(said);
      });
    };
    const server = over === "tls" ? createHttps(own, listener) : createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const url = over === "tls" ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
    try {
      const act = via(
        async (now) => {
          const came = await now.bring(7);
          const [first] = all;
          return first === undefined ? came : show(first, came);
        },
        { url },
      );
      return await act(load);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };
}
