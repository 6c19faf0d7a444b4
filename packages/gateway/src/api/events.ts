import * as z from "zod";
import { queryNumber } from "./audit.ts";
import { endpoint } from "./endpoint.ts";
import { eventFilter } from "./event-filter.ts";
import { eventStream } from "./event-stream.ts";

/** A reader that was away longer than this many records is told to look at everything anew. */
const longestReplay = 10_000;

const typesSchema = z
  .string()
  .max(500)
  .regex(/^[a-z_]+\.(\*|[a-z_]+)(,[a-z_]+\.(\*|[a-z_]+))*$/, {
    error: "is not a list of record types such as request.*,grant.activated",
  })
  .meta({ description: "Only these record types, separated by commas; request.* takes all of a kind" });

/** Whether a type is in a list such as `request.*,grant.activated`. */
function matcher(list: string | undefined): (type: string) => boolean {
  if (list === undefined) return () => true;
  const exact = new Set(list.split(","));
  return (type) => exact.has(type) || exact.has(`${type.slice(0, type.indexOf("."))}.*`);
}

/** Records as they are written. */
export const streamEvents = endpoint({
  id: "GET /v1/events",
  operationId: "streamEvents",
  summary: "What happens, as it happens: server-sent events",
  description: `Each event is one record of the audit log: \`id\` its sequence number, \`event: record\`, \`data\` an AuditRecord. \`Last-Event-ID\` goes on after that record, at most ${longestReplay} back: further back \`event: reset\` comes first, and what was missed is to be asked for. \`event: end\` with a Problem comes when the token or the session ends. Operators and auditors see everything; reviewers how requests go that they may see; everybody how their own go, and the lock-down. A line of comment comes every 15 s. A reader that does not read is cut.`,
  query: z.strictObject({ types: typesSchema.optional() }),
  headers: z.object({ "last-event-id": queryNumber.optional() }),
  answers: {
    200: { description: "Events", schema: z.string(), mediaType: "text/event-stream; charset=utf-8" },
  },
  handle({ services, principal, verified, query, headers, signal, startStream, again, tokenExpiresAt }) {
    const end = startStream("events");
    const last = headers["last-event-id"];
    const newest = services.feed.end;
    const asked = last === undefined ? newest : Math.min(Number(last) + 1, newest);
    const from = Math.max(asked, newest - longestReplay);
    const stream = eventStream({
      feed: services.feed,
      clock: services.clock,
      from,
      isReset: from > asked,
      wanted: matcher(query.types),
      filter: eventFilter(services.grants, principal),
      again,
      watch: (ended) => services.people.watch(verified, ended),
      expiresAt: tokenExpiresAt,
      signal,
    });
    stream.once("close", end);
    // A proxy that collects answers would hold the events back.
    return { status: 200, headers: { "x-accel-buffering": "no" }, stream };
  },
});
