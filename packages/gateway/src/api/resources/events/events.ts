import * as z from "zod";
import { placesSchema, queryNumber } from "../audit/audit.ts";
import { endpoint } from "../../contract/endpoint.ts";
import { MAX_REPLAYED, oneFeed } from "../../../audit/logs/feed.ts";
import { eventFilter } from "./filter.ts";
import { eventStream } from "./stream.ts";

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
  description: `Each event is one record of an audit log: \`id\` its sequence number, or where several gateways share a store a place in each log; \`event: record\`, \`data\` an AuditRecord. Records of one log come in its order, none twice and none left out; those of other gateways a second or two after they were written. \`Last-Event-ID\` goes on after that event, at most ${MAX_REPLAYED} records of each log back: further back \`event: reset\` comes first, and what was missed is to be asked for. \`event: end\` with a Problem comes when the token or the session ends. Operators and auditors see everything; reviewers how requests go that they may see; everybody how their own go, without the reviews of their emergencies, and the lock-down. A line of comment comes every 15 s. A reader that does not read is cut.`,
  query: z.strictObject({ types: typesSchema.optional() }),
  headers: z.object({ "last-event-id": z.union([queryNumber, placesSchema]).optional() }),
  answers: {
    200: { description: "Events", schema: z.string(), mediaType: "text/event-stream; charset=utf-8" },
  },
  async handle({
    services,
    principal,
    verified,
    query,
    headers,
    signal,
    startStream,
    again,
    tokenExpiresAt,
  }) {
    const end = startStream("events");
    const feed = services.logsFeed ?? oneFeed(services.feed);
    const { places, isReset } = await feed.begin(headers["last-event-id"]).catch((error: unknown) => {
      end();
      throw error;
    });
    const stream = eventStream({
      feed,
      clock: services.clock,
      from: places,
      isReset,
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
