import * as z from "zod";
import type { AuditReader, HourOfUse } from "../../audit/index/port.ts";
import type { RecordType } from "../../audit/records.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { timeOf, timeSchema } from "../contract/schemas.ts";
import { activeEntries } from "./live.ts";

const count = z.int().nonnegative();

const overviewSchema = component(
  "Overview",
  z.object({
    at: timeSchema,
    now: z.object({
      grants: count.meta({ description: "Active; at most 500 are counted" }),
      sessions: count.meta({ description: "Open on this gateway" }),
      running: count.meta({ description: "Sessions with an act under way" }),
      break_glass: count.meta({ description: "Active grants that were asked for as an emergency" }),
      expiring: count.meta({ description: "Active grants that end within 15 minutes" }),
      waiting: count.meta({ description: "Requests that wait for a person; at most 500 are counted" }),
      unreviewed: count.meta({
        description: "Emergencies that nobody has reviewed yet; at most 500 are counted",
      }),
      agents: count.meta({ description: "Agents and people who hold an active grant" }),
    }),
    day: z
      .object({
        from: timeSchema,
        asked: count,
        granted: count,
        refused: count.meta({ description: "By a reviewer" }),
        denied: count.meta({ description: "Requests that policies denied" }),
        timed_out: count,
        break_glass: count,
        revoked: count,
        acts: count,
        denied_acts: count,
      })
      .meta({ description: "The last 24 hours, from this gateway's log; acts are counted by whole hours" }),
    hours: z
      .array(z.object({ at: timeSchema, grants: count, acts: count, denied: count }))
      .meta({ description: "Each of the last 24 whole hours and the one under way, oldest first" }),
  }),
);

const HOUR_MS = 3_600_000;
const HOURS = 24;
const EXPIRING_MS = 15 * 60_000;

/** A row for every hour, those without any use among them. */
export function everyHour(used: readonly HourOfUse[], now: number): readonly HourOfUse[] {
  const current = Math.floor(now / HOUR_MS) * HOUR_MS;
  const known = new Map(used.map((hour) => [hour.at, hour]));
  return Array.from({ length: HOURS + 1 }, (_, index) => {
    const at = current - (HOURS - index) * HOUR_MS;
    return known.get(at) ?? { at, grants: 0, acts: 0, denied: 0 };
  });
}

/** The records that are counted, by what they are called here. */
const counted = {
  asked: "request.created",
  granted: "grant.activated",
  refused: "request.refused",
  denied: "request.denied",
  timed_out: "request.timed_out",
  break_glass: "break_glass.activated",
  revoked: "grant.revoked",
} as const satisfies Readonly<Record<string, RecordType>>;

async function dayOf(
  reader: AuditReader,
  now: number,
): Promise<Omit<z.input<typeof overviewSchema>, "now" | "at">> {
  const from = now - HOURS * HOUR_MS;
  const [used, counts] = await Promise.all([reader.hours(from), reader.counts(from, Object.values(counted))]);
  const hours = everyHour(used, now);
  const sum = (of: (hour: HourOfUse) => number): number => hours.reduce((total, hour) => total + of(hour), 0);
  const of = (name: keyof typeof counted): number => counts.get(counted[name]) ?? 0;
  return {
    day: {
      from: timeOf(from),
      asked: of("asked"),
      granted: of("granted"),
      refused: of("refused"),
      denied: of("denied"),
      timed_out: of("timed_out"),
      break_glass: of("break_glass"),
      revoked: of("revoked"),
      acts: sum(({ acts }) => acts),
      denied_acts: sum(({ denied }) => denied),
    },
    hours: hours.map((hour) => ({ ...hour, at: timeOf(hour.at) })),
  };
}

/** What there is now, and what there was over the last day, in numbers. */
export const getOverview = endpoint({
  id: "GET /v1/overview",
  operationId: "getOverview",
  summary: "How much is live, waits, was denied and was an emergency: now and over the last day",
  answers: { 200: { description: "The numbers", schema: overviewSchema } },
  async handle({ services, principal }) {
    const now = services.clock.wall();
    const [entries, waiting, unreviewed, day] = await Promise.all([
      activeEntries(services, principal),
      services.grants.requests(principal, { all: true, state: "pending" }),
      services.grants.requests(principal, { all: true, emergencies: "unreviewed" }),
      dayOf(services.reader, now),
    ]);
    const sessions = services.sessions();
    const holders = new Set(
      entries.map(({ grant: { requester } }) =>
        JSON.stringify([requester.issuer, requester.subject, requester.client]),
      ),
    );
    return {
      status: 200,
      body: {
        at: timeOf(now),
        now: {
          grants: entries.length,
          sessions: sessions.length,
          running: sessions.filter((session) => session.now?.state === "running").length,
          break_glass: entries.filter((entry) => entry.break_glass).length,
          expiring: entries.filter(({ grant }) => grant.endsAt - now <= EXPIRING_MS).length,
          waiting: waiting.length,
          unreviewed: unreviewed.length,
          agents: holders.size,
        },
        ...day,
      },
    };
  },
});
