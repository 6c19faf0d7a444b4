import path from "node:path";
import { readFileSync } from "node:fs";
import { verifyLog } from "@mayfly/audit-verifier";
import { call } from "@mayfly/testing/api.ts";
import type { World } from "@mayfly/testing/world.ts";
import type { Acknowledged } from "./load.ts";
import type { LogSoFar } from "./log-so-far.ts";
import { asSuperuser, clientOf, OPERATION_TIMEOUT_MS, until, type Way } from "./world.ts";

/** What a check may look at, after the gateway was killed and has started again. */
export interface Aftermath {
  readonly world: World;
  readonly log: LogSoFar;
  /** Acknowledged since the last kill. */
  readonly known: Acknowledged;
  readonly random: () => number;
  /** When it was killed, milliseconds since the epoch. */
  readonly killedAt: number;
  /** What a busy machine may take on top of each bound, milliseconds. */
  readonly slackMs: number;
  /** Whether it is time for what takes long: the whole log. */
  readonly isThorough: boolean;
}

/** Something that must hold after every kill. */
export interface Check {
  readonly name: string;
  /** @returns what does not hold */
  readonly run: (after: Aftermath) => Promise<readonly string[]> | readonly string[];
}

const missing = (what: string, wanted: readonly string[], held: ReadonlySet<string>): readonly string[] =>
  wanted
    .filter((each) => !held.has(each))
    .map((each) => `${what} ${each} was acknowledged and has no record`);

/** After every kill, in this order. */
export const checks: readonly Check[] = [
  {
    name: "every acknowledged act has a record",
    run: ({ log, known }) => missing("the act", [...known.acts, ...known.updates], log.marks),
  },
  {
    name: "no effect without a record",
    run: ({ world, log }) =>
      asSuperuser(world.postgres, async (admin) => {
        const { rows } = await admin.query<{ status: string }>(
          "SELECT status FROM orders WHERE status LIKE 'torture-%'",
        );
        return rows
          .filter(({ status }) => !log.marks.has(status))
          .map(({ status }) => `${status} was done unrecorded`);
      }),
  },
  {
    name: "every acknowledged request, approval, grant and end has a record",
    run: ({ log, known }) => [
      ...missing("the request", known.requests, log.ids("request.created")),
      ...missing("the approval of", known.approvals, log.ids("approval.given")),
      ...missing(
        "the grant",
        known.grants.map(({ grant }) => grant),
        log.ids("grant.activated"),
      ),
      ...missing(
        "the end of",
        known.ended.map(({ grant }) => grant),
        new Set([...log.ids("grant.released"), ...log.ids("grant.revoked")]),
      ),
    ],
  },
  {
    name: "no grant lives whose end was acknowledged",
    run: ({ world, known, random }) => alive(world, known.ended, random),
  },
  {
    name: "a lock-down is what was acknowledged last",
    async run({ world, known }) {
      if (known.locked === undefined) return [];
      const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
        connection: "orders-db",
        operations: ["read-orders"],
        reason: "TICKET-1 is it locked?",
      });
      const isLocked =
        (answer.body as { code?: string; type?: string }).type?.includes("locked_down") ?? false;
      return isLocked === known.locked
        ? []
        : [`locked down was ${known.locked} and is ${isLocked} (${answer.status})`];
    },
  },
  {
    name: "the index equals the log",
    async run({ world, log }) {
      const ada = await world.personToken("ada@example.com");
      const answer = await call(world.gateway, ada, "GET", "/v1/audit/records?limit=200");
      const held = new Map(
        (answer.body as { records: { seq: number; type: string; time: string }[] }).records.map((one) => [
          one.seq,
          one,
        ]),
      );
      log.readOn();
      return log.newest.slice(0, 50).flatMap((line) => {
        const record = JSON.parse(line) as { seq: number; type: string; time: string };
        const indexed = held.get(record.seq);
        if (record.seq < Math.min(...held.keys())) return [];
        return indexed?.type === record.type && indexed.time === record.time
          ? []
          : [`record ${record.seq} (${record.type}) is not in the index as it is in the log`];
      });
    },
  },
  {
    name: "nothing of a dead gateway runs on beyond its bound",
    run: ({ world, killedAt, slackMs }) =>
      asSuperuser(world.postgres, async (admin) => {
        const left = async (): Promise<readonly string[]> => {
          const { rows } = await admin.query<{ query: string; since: string }>(
            "SELECT left(query, 60) AS query, query_start::text AS since FROM pg_stat_activity WHERE usename = 'mayfly' AND state = 'active' AND query_start < to_timestamp($1)",
            [killedAt / 1000],
          );
          return rows.map(({ query, since }) => `still running since ${since}: ${query}`);
        };
        const withinMs = OPERATION_TIMEOUT_MS + slackMs;
        await until(async () => (await left()).length === 0, withinMs, 50);
        return left();
      }),
  },
  {
    name: "the log verifies",
    run({ world, isThorough }) {
      if (!isThorough) return [];
      const folder = path.join(world.folder, "data/audit");
      const report = verifyLog(folder, [readFileSync(path.join(folder, "log.vkey"), "utf8").trim()]);
      return report.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
    },
  },
  {
    name: "no grant lives that has ended by the log",
    run({ world, log, known, random }) {
      const over = new Set(["released", "revoked", "expired"].flatMap((end) => [...log.ids(`grant.${end}`)]));
      return alive(
        world,
        known.grants.filter(({ grant }) => over.has(grant)),
        random,
      );
    },
  },
];

/** Those that are said to be active, or let in. A log-in takes a tenth of a second, so only two are tried. */
async function alive(world: World, ended: readonly Way[], random: () => number): Promise<readonly string[]> {
  const token = await world.agentToken();
  const found: string[] = [];
  for (const { grant } of ended.slice(0, 20)) {
    const { state } = (await call(world.gateway, token, "GET", `/v1/grants/${grant}`)).body as {
      state?: string;
    };
    if (state === "active") found.push(`${grant} has ended and is active`);
  }
  for (const way of ended.toSorted(() => random() - 0.5).slice(0, 2)) {
    const client = await clientOf(world, way).catch(() => undefined);
    if (client === undefined) continue;
    found.push(`${way.grant} has ended and lets in`);
    await client.end();
  }
  return found;
}
