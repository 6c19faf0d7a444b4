import type { Bound } from "./quota.ts";

/** Bytes. */
const MiB = 1_048_576;

/**
 * What is shared, and how much of it one grant, one principal and one address may have besides the total. docs/security.md
 * shows the same figures, and the test that attacks each.
 */
export const bounds = {
  /** Requests under way over HTTPS, from the head of one to the end of its answer. */
  arrivals: { address: 1024, total: 8192 },
  /** The same, once it is known whose they are. */
  requests: { grant: 128, principal: 256 },
  /** Bytes of bodies that are read whole and of answers that are masked, until the answer has gone. */
  memory: { grant: 40 * MiB, principal: 72 * MiB, total: 192 * MiB },
  /** Connections to one upstream over HTTP: requests under way, streams and upgraded connections. */
  upstream: { grant: 64, principal: 96, total: 256 },
  /** Requests to one upstream MCP server. */
  mcpCalls: { grant: 16, principal: 32, total: 512 },
  /** Calls of Mayfly's own tools. */
  toolCalls: { principal: 8, total: 256 },
  /** Sessions over HTTP: one grant's use by one client connection. Those of PostgreSQL: `limits` of the configuration. */
  webSessions: { grant: 128, principal: 512 },
  /** Derivations of keys from shown secrets at a time. */
  derivations: { address: 8, total: 32 },
} as const satisfies Readonly<Record<string, Bound>>;

/** Secrets that are not good: as many at once, and then so many a second, of one grant or from one address, and in all. */
export const WRONG_SECRETS = {
  each: { burst: 20, perSecond: 2 },
  total: { burst: 200, perSecond: 50 },
} as const;

/** Denied acts of one grant that are recorded one by one: as many at once, and then so many a second. */
export const RECORDED_DENIALS = { burst: 50, perSecond: 5 } as const;
/** What the record of a denied act holds of the act; longer ones are cut, and their digest is recorded. Bytes. */
export const MAX_DENIED_DETAIL_BYTES = 2048;

/** A body up to this is judged as soon as it has come, where its schema's cost allows it. Bytes. */
export const INLINE_BODY_BYTES = 16_384;
/** What a schema's check may cost as soon as the body has come: about half a millisecond. Steps. */
export const INLINE_SCHEMA_COST = 250_000;
/** What it may cost on the thread that serves everybody, in its principal's turn: some milliseconds. Steps. */
export const SHARED_SCHEMA_COST = 4_000_000;

/** How long one piece of work may take in a worker before the worker is ended, milliseconds. */
export const WORK_MS = 1000;
/**
 * Workers at a time, and the memory that each may have besides what it is given, MiB. What is given is bounded so that no
 * piece comes near it in its time: V8 can end the whole process for a worker that is ended while its heap is full.
 */
export const WORKERS = 2;
export const WORKER_HEAP_MB = 1024;
/** Pieces of work of one principal that may wait. */
export const WAITING_WORK = 64;

/** A client that takes nothing of its answer for this long is cut, milliseconds. */
export const SLOW_READER_MS = 60_000;
/** A body that is read whole has to be there within this, and may stand still for no longer than that. Milliseconds. */
export const BODY_MS = 120_000;
export const BODY_STALL_MS = 15_000;
/** What JSON that is read on the thread that serves everybody may hold: values, of which each takes time and memory. */
export const MAX_JSON_VALUES = 100_000;
/** The largest answer of an upstream MCP server, bytes. */
export const MAX_MCP_ANSWER_BYTES = 4 * MiB;
/** A principal rests for so many times as long as its last heavy piece of work took on the thread that serves everybody. */
export const REST_AFTER_WORK = 2;
/** Sessions that were refused and are recorded one by one: as many at once, and then so many a second, of an address and in all. */
export const RECORDED_REFUSALS = {
  each: { burst: 50, perSecond: 1 },
  total: { burst: 50, perSecond: 10 },
} as const;
/** What an HTTP/2 client may have open at a time on one connection. */
export const MAX_STREAMS = 100;
/** Resets of streams by an HTTP/2 client: as many at once, and then so many a second; one beyond ends its connection. */
export const STREAM_RESETS = { burst: 100, perSecond: 33 } as const;
/** An HTTP/2 client is asked for a sign of life this often, and has this long to give one. Milliseconds. */
export const PING_EVERY_MS = 3000;
export const PING_ANSWER_MS = 5000;
/** A client has this long from its handshake to the head of its first request, and for every head. Milliseconds. */
export const HEADERS_MS = 10_000;
/** A connection on which nothing moves is cut after this: longer than the longest poll. Milliseconds. */
export const SILENCE_MS = 90_000;
/** Of a port's connections, this share is kept for addresses that hold few, so that a few others cannot take all. */
export const RESERVED_SHARE = 0.1;
export const FEW_CONNECTIONS = 16;
/** What one direction of a WebSocket may bring in one turn of the event loop, bytes. */
export const MAX_TURN_BYTES = 65_536;
