import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { realFiles } from "../../../packages/gateway/src/audit/files/files.ts";
import type { SegmentFacts } from "../../../packages/gateway/src/audit/retention/facts.ts";
import { planDrops } from "../../../packages/gateway/src/audit/retention/plan.ts";
import { openAuditLog } from "../../../packages/gateway/src/audit/open.ts";
import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { until } from "../../../packages/gateway/src/notifications/testing/harness.ts";
import { dial, int32, startup } from "../../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { archives } from "../acts/leaving.ts";
import { send } from "../acts/web-request.ts";
import { alone, serving, type Serving } from "../acts/gateway.ts";
import { certificates } from "../acts/upstream.ts";
import { s3Cases } from "./s3.ts";
import { loads, type Act, type Case, type Document } from "../case.ts";

const starts = serving(async () => "passed");
const taken = /^port_taken \|/;

/** Alone, with another part beside. */
const beside =
  (change: (document: Document) => void) =>
  (document: Document): void => {
    alone(document);
    change(document);
  };

/** What a client on the loopback address is told that begins without TLS. */
const withoutTls = serving(async ({ ports }) => {
  const client = await dial(ports.get("postgres") ?? 0);
  client.send(startup({ user: "gr_0000000000000001", database: "orders" }));
  const answer = await client.next();
  client.close();
  return answer?.type === "R" ? "passed" : `refused | ${answer?.body.toString() ?? "closed"}`;
});

/** Shakes hands over TLS, trusting the operator's CA alone. */
const trusted = serving(async ({ httpsPort }) => {
  const { files } = await certificates();
  const socket = connect({ port: httpsPort, host: "127.0.0.1", ca: files["ca.pem"] });
  return new Promise((resolve) => {
    socket.once("secureConnect", () => resolve("passed"));
    socket.once("error", (error) => resolve(`certificate | ${error.message}`));
  }).then((outcome) => {
    socket.destroy();
    return String(outcome);
  });
});

const tls = { certificate: "server.pem", key: { file: "server.key" } };
const tlsFiles = { certificate: "server.pem", key: "server.key" };

const listening: readonly Case[] = [
  {
    at: ["url"],
    narrow: "https://elsewhere.internal",
    wide: "https://mayfly.internal:8443",
    refused: /^421 \|.*host_mismatch/,
    act: send({
      connection: "billing",
      asks: [{ path: "/v1/invoices/7", headers: { host: "mayfly.internal:8443" } }],
    }),
    base: (document) => {
      document.connections.billing.http.url = "http://127.0.0.1:{{port}}";
    },
  },
  {
    at: ["listen", "https"],
    narrow: "127.0.0.1:{{taken}}",
    wide: "127.0.0.1:0",
    refused: taken,
    act: starts,
    base: alone,
  },
  {
    at: ["listen", "postgres"],
    narrow: "127.0.0.1:0",
    wide: { address: "127.0.0.1:0", allow_insecure_loopback: true },
    refused: /^refused \|.*TLS/,
    act: withoutTls,
    base: alone,
  },
  {
    at: ["listen", "postgres", "address"],
    narrow: "127.0.0.1:{{taken}}",
    wide: "127.0.0.1:0",
    refused: taken,
    act: starts,
    base: beside((document) => {
      document.listen.postgres = {};
    }),
  },
  {
    at: ["listen", "postgres", "allow_insecure_loopback"],
    narrow: false,
    wide: true,
    refused: /^refused \|.*TLS/,
    act: withoutTls,
    base: beside((document) => {
      document.listen.postgres = { address: "127.0.0.1:0" };
    }),
  },
  {
    at: ["tls"],
    narrow: undefined,
    wide: tlsFiles,
    refused: /^certificate \|/,
    act: trusted,
    base: alone,
  },
  {
    at: ["tls", "certificate"],
    narrow: "stranger.pem",
    wide: tls.certificate,
    refused: /^configuration \|.*key/,
    act: trusted,
    base: beside((document) => {
      document.tls = { ...tlsFiles };
    }),
  },
  {
    at: ["tls", "key"],
    narrow: "stranger.key",
    wide: tlsFiles.key,
    refused: /^configuration \|.*key/,
    act: trusted,
    base: beside((document) => {
      document.tls = { ...tlsFiles };
    }),
  },
];

/** Where a gateway has put its files. */
const keepsAt = (...places: readonly string[]) =>
  serving(
    async ({ folder }) => `kept in ${places.filter((each) => existsSync(path.join(folder, each))).join()}`,
  );

/** The newest checkpoint's lines: the log's name, and how many records it covers. */
function checkpointsIn(folder: string): readonly string[] {
  const file = path.join(folder, "checkpoints.txt");
  return existsSync(file) ? (readFileSync(file, "utf8").match(/^[^\n—]+\n\d+\n/gm) ?? []) : [];
}
const firstCheckpoint = async ({ folder }: Serving): Promise<readonly string[]> => {
  const audit = path.join(folder, "data/audit");
  await until(() => checkpointsIn(audit).length > 0);
  return checkpointsIn(audit);
};

/** A checkpoint of a log that is not this one. */
async function foreignCheckpoint(): Promise<Readonly<Record<string, string>>> {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-catalogue-log-"));
  const opened = await openAuditLog({
    folder,
    name: "mayfly.internal",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 1000,
  });
  await opened.checkpointNow();
  const checkpoint = opened.checkpoint() ?? "";
  await opened.log.close();
  rmSync(folder, { recursive: true });
  return { "witness.txt": checkpoint };
}

const keeping: readonly Case[] = [
  {
    at: ["store"],
    narrow: "sqlite:other.db",
    wide: undefined,
    refused: /^kept in other\.db$/,
    passes: /^kept in data\/mayfly\.db$/,
    act: keepsAt("other.db", "data/mayfly.db"),
    base: alone,
  },
  {
    at: ["store"],
    narrow: { postgres: { env: "SECRET" } },
    wide: "sqlite:other.db",
    refused: /^configuration \| this secret is not a URL/,
    act: loads,
  },
  {
    at: ["store", "postgres"],
    narrow: { env: "SECRET" },
    wide: { env: "STORE" },
    refused: /^configuration \| this secret is not a URL/,
    act: loads,
  },
  {
    at: ["data"],
    narrow: "other",
    wide: undefined,
    refused: /^kept in other\/mayfly\.db$/,
    passes: /^kept in data\/mayfly\.db$/,
    act: keepsAt("other/mayfly.db", "data/mayfly.db"),
    base: alone,
  },
  {
    at: ["audit", "folder"],
    narrow: "other",
    wide: undefined,
    refused: /^kept in other\/records$/,
    passes: /^kept in data\/audit\/records$/,
    act: keepsAt("other/records", "data/audit/records"),
    base: alone,
  },
  {
    at: ["audit", "name"],
    narrow: "other.log",
    wide: undefined,
    refused: /^other\.log\n/,
    passes: /^mayfly\.internal\n/,
    act: serving(async (gateway) => (await firstCheckpoint(gateway))[0] ?? "no checkpoint"),
    base: alone,
  },
  {
    at: ["audit", "sync"],
    narrow: "always",
    wide: "batched",
    refused: /^on the disk before the act$/,
    passes: /^on the disk after the act$/,
    act: async (load) => {
      const { configuration } = await load();
      const { folder, name, sync, checkpointEvery } = configuration.audit;
      let syncs = 0;
      const files = {
        ...realFiles,
        syncNow(fd: number) {
          syncs += 1;
          realFiles.syncNow(fd);
        },
      };
      const { log } = await openAuditLog({ folder, name, clock: fakeClock(), sync, checkpointEvery, files });
      try {
        const before = syncs;
        log.append({ type: "act.intent", session: "ses_1", detail: { act: { sql: "select 1" } } });
        log.flush();
        return `on the disk ${syncs > before ? "before" : "after"} the act`;
      } finally {
        await log.close();
      }
    },
  },
  {
    at: ["audit", "checkpoint_every"],
    narrow: "1h",
    wide: "1m",
    refused: /^one checkpoint$/,
    passes: /^more than one$/,
    act: serving(async (gateway) => {
      const first = (await firstCheckpoint(gateway)).length;
      gateway.clock.advance(600_000);
      // Signing is done off the event loop: where it is due it is not long in coming.
      for (let turn = 0; turn < 300; turn++) {
        if ((await firstCheckpoint(gateway)).length > first) return "more than one";
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return "one checkpoint";
    }),
    base: alone,
  },
  {
    at: ["audit", "witnessed"],
    narrow: "witness.txt",
    wide: undefined,
    refused: /^log_\w+ \|/,
    act: serving(async () => "passed", foreignCheckpoint),
    base: alone,
  },
];

const retained = { keep: "1h", archive: { folder: "archive" } };
const inside = { folder: "data/audit/archive" };

/** How many files of records a plan drops, of two: one of 2 MiB that is an hour and a half old, and one of now. */
const drops: Act = async (load) => {
  const { retention } = (await load()).configuration.audit;
  const facts = (first: number, elapsed: number): SegmentFacts => ({
    first,
    count: 10,
    bytes: 2 * 1024 * 1024,
    from: "",
    to: "",
    elapsed,
    refs: [],
    lasting: [],
    holds: [],
  });
  const live = { bytes: 0, elapsed: 5_400_000 };
  const due = retention === undefined ? [] : planDrops([facts(0, 0)], live, retention, 10);
  return due.length === 0 ? "passed" : `dropped | ${due.map(({ why }) => why).join()}`;
};

const keepingNoLonger: readonly Case[] = [
  { at: ["audit", "retention"], narrow: retained, wide: undefined, refused: /^dropped \| age$/, act: drops },
  {
    at: ["audit", "retention", "keep"],
    narrow: "1h",
    wide: "2h",
    refused: /^dropped \| age$/,
    act: drops,
    base: (document) => {
      document.audit = { retention: { ...retained } };
    },
  },
  {
    at: ["audit", "retention", "size"],
    narrow: "1MiB",
    wide: "3MiB",
    refused: /^dropped \| size$/,
    act: drops,
    base: (document) => {
      document.audit = { retention: { archive: retained.archive } };
    },
  },
  {
    at: ["audit", "retention", "archive"],
    narrow: inside,
    wide: retained.archive,
    refused: /^configuration \| the archive is inside the log's own folder/,
    act: loads,
    base: (document) => {
      document.audit = { retention: { keep: "1h" } };
    },
  },
  {
    at: ["audit", "retention", "archive", "folder"],
    narrow: inside.folder,
    wide: retained.archive.folder,
    refused: /^configuration \| the archive is inside the log's own folder/,
    act: loads,
    base: (document) => {
      document.audit = { retention: { keep: "1h", archive: {} } };
    },
  },
  ...s3Cases(
    ["audit", "retention", "archive", "s3"],
    (members) => (document) => {
      document.audit = {
        retention: { ...retained, archive: { ...retained.archive, ...structuredClone(members) } },
      };
    },
    archives,
    /^nothing leaves$/,
  ),
];

const sslRequest = Buffer.concat([int32(8), int32(80_877_103)]);
/** Whether a client that comes while another one is there is answered at all. */
const second = serving(async ({ ports }) => {
  const [first, other] = [await dial(ports.get("postgres") ?? 0), await dial(ports.get("postgres") ?? 0)];
  other.send(sslRequest);
  const answer = await other.byte();
  for (const client of [first, other]) client.close();
  return answer === "S" ? "passed" : "no place";
});

const limits: readonly Case[] = [
  { at: ["limits", "connections"], narrow: 1, wide: 2, refused: /^no place$/, act: second, base: alone },
  {
    at: ["limits", "connections_per_address"],
    narrow: 1,
    wide: 2,
    refused: /^no place$/,
    act: second,
    base: alone,
  },
  {
    at: ["limits", "handshake"],
    narrow: "5s",
    wide: "5m",
    refused: /^too slow$/,
    act: serving(async ({ ports, clock }) => {
      const client = await dial(ports.get("postgres") ?? 0);
      client.send(sslRequest);
      await client.byte();
      clock.advance(10_000);
      // A client that takes its time, and then goes on as it should.
      return new Promise((resolve) => {
        const socket = connect({ socket: client.socket, rejectUnauthorized: false });
        const over = (outcome: string) => () => {
          resolve(outcome);
          socket.destroy();
        };
        socket.once("secureConnect", over("passed")).once("error", over("too slow"));
        socket.once("close", over("too slow"));
      });
    }),
    base: alone,
  },
];

/** Whether the port for PostgreSQL still takes clients once a stop was asked for. */
const stopping = serving(async (gateway) => {
  const now = new AbortController();
  const drained = gateway.drain(now.signal);
  // Nothing that the drain waits for but the clock, which stands.
  await new Promise((resolve) => setImmediate(resolve));
  const outcome = await dial(gateway.ports.get("postgres") ?? 0).then(
    (client) => (client.close(), "passed"),
    (error: unknown) => `refused | ${(error as NodeJS.ErrnoException).code}`,
  );
  now.abort();
  await drained;
  return outcome;
});

const shutdown: readonly Case[] = [
  {
    at: ["shutdown"],
    narrow: { drain: "1h", announce: "0s" },
    wide: undefined,
    refused: /^refused \| ECONNREFUSED/,
    act: stopping,
    base: alone,
  },
  {
    at: ["shutdown", "drain"],
    narrow: "1h",
    wide: undefined,
    refused: /^refused \| ECONNREFUSED/,
    act: stopping,
    base: beside((document) => {
      document.shutdown = { announce: "0s" };
    }),
  },
  {
    at: ["shutdown", "announce"],
    narrow: "0s",
    wide: "5s",
    refused: /^refused \| ECONNREFUSED/,
    act: stopping,
    base: beside((document) => {
      document.shutdown = { drain: "1h" };
    }),
  },
];

export const serverCases: readonly Case[] = [
  ...listening,
  ...keeping,
  ...keepingNoLonger,
  ...limits,
  ...shutdown,
];
