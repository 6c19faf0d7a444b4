import type { AddressInfo } from "node:net";
import path from "node:path";
import { createServer } from "node:tls";
import { openAuditLog } from "../../../packages/gateway/src/audit/open.ts";
import { startExports } from "../../../packages/gateway/src/export/exports.ts";
import type { StreamNews } from "../../../packages/gateway/src/export/progress.ts";
import {
  httpReceiver,
  type Answer,
  type ReceivedPost,
} from "../../../packages/gateway/src/export/testing/http-receiver.ts";
import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { until } from "../../../packages/gateway/src/notifications/testing/harness.ts";
import { certificates } from "./upstream.ts";
import type { Act, Ready } from "../case.ts";

/** A log that is exported as the configuration says. */
export interface Exported {
  readonly folder: string;
  readonly configuration: Ready["configuration"];
  /** Writes one more record, and waits until it is on the disk. */
  write(type: "grant.revoked" | "grant.released"): Promise<void>;
  /**
   * Waits until everything has arrived, or what else is enough.
   * @returns `passed`, or why it cannot: `failed | words`
   */
  arrived(enough?: () => boolean): Promise<string>;
}

/**
 * Exports a log of two records (`log.opened` and `grant.revoked`) as the configuration says.
 * The operator's certificates are beside the configuration.
 * @param fill what `{{NAME}}` stands for in the configuration
 */
export function exported(
  act: (at: Exported) => Promise<string>,
  fill: Readonly<Record<string, string>> = {},
): Act {
  return async (load) => {
    const { configuration, folder } = await load(fill, (await certificates()).files);
    const opened = await openAuditLog({
      folder: path.join(folder, "log"),
      name: "mayfly.internal",
      clock: systemClock,
      sync: "batched",
      checkpointEvery: 60_000,
    });
    const write: Exported["write"] = async (type) => {
      opened.log.append({ type, request: "req_1", grant: "gr_1", connection: "orders", detail: {} });
      await opened.log.sync();
    };
    await write("grant.revoked");
    const news: StreamNews[] = [];
    const exports = await startExports({
      settings: configuration.export,
      opened,
      folder: path.join(folder, "exports"),
      exporter: { host: "mayfly.internal", log: "mayfly.internal", version: "1.2.3" },
      clock: systemClock,
      tell: (_, what) => news.push(what),
    });
    try {
      return await act({
        folder,
        configuration,
        write,
        async arrived(enough = () => exports.status.every(({ lagRecords }) => lagRecords === 0)) {
          const failure = (): StreamNews | undefined => news.find(({ kind }) => kind === "failed");
          await until(() => failure() !== undefined || enough());
          const failed = failure();
          return failed?.kind === "failed" ? `failed | ${failed.why}` : "passed";
        },
      });
    } finally {
      await exports.stop();
      await opened.log.close();
    }
  };
}

/** Exports to a receiver over HTTP, whose address is `{{url}}`. @returns what it got last, or why nothing came */
export function toReceiver(
  answer: Answer,
  show: (post: ReceivedPost) => string,
  over: "tls" | "plain" = "plain",
): Act {
  return async (load) => {
    const { server } = await certificates();
    const tls = over === "tls" ? { certificate: server.cert, key: server.key } : undefined;
    const at = await httpReceiver(answer, tls);
    try {
      const act = exported(
        async (log) => {
          const arrived = await log.arrived();
          const [post] = at.posts;
          return post === undefined || arrived !== "passed" ? arrived : show(post);
        },
        { url: at.url },
      );
      return await act(load);
    } finally {
      await at.close();
    }
  };
}

/** Exports to a receiver of syslog at the port `{{port}}`. @param clientCa whose certificates it wants; left out: none */
export function toSyslog(
  act: (log: Exported, meetings: () => number) => Promise<string>,
  clientCa?: "client.pem",
): Act {
  return async (load) => {
    const { server: own, files } = await certificates();
    const mutual = clientCa === undefined ? {} : { requestCert: true, ca: files[clientCa] };
    let meetings = 0;
    const server = createServer({ ...own, ...mutual }, (socket) => {
      meetings += 1;
      socket.on("error", () => undefined);
      socket.resume();
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      return await exported((log) => act(log, () => meetings), { at: `localhost:${port}` })(load);
    } finally {
      server.close();
    }
  };
}
