import type { Bound } from "./limits/quota.ts";

/** Bytes. */
const MiB = 1_048_576;

/**
 * Shared resources: the total, and the shares that one grant, one principal and one address may use of it.
 * docs/security.md shows the same figures, and the test that attacks each.
 */
export const bounds = {
  /** Requests under way over HTTPS, from the head of one to the end of its answer. */
  arrivals: { address: 1024, total: 8192 },
  /** Requests under way whose principal is known. */
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
  /** Checks of shown secrets at a time: each derives a key. */
  derivations: { address: 8, total: 32 },
} as const satisfies Readonly<Record<string, Bound>>;

/** Wrong secrets: a burst, then a rate, of one grant or one address, and of all together. */
export const WRONG_SECRETS = {
  each: { burst: 20, perSecond: 2 },
  total: { burst: 200, perSecond: 50 },
} as const;

/** Denied acts of one grant that get a record of their own: a burst, then a rate. */
export const RECORDED_DENIALS = { burst: 50, perSecond: 5 } as const;
/** The longest detail of a denied act in its record; a longer one is cut and its digest recorded. Bytes. */
export const MAX_DENIED_DETAIL_BYTES = 2048;

/** The largest body that is judged as soon as it has arrived, where its schema's cost allows it. Bytes. */
export const INLINE_BODY_BYTES = 16_384;
/** The highest cost of a schema check that runs as soon as the body has arrived: about half a millisecond. Steps. */
export const INLINE_SCHEMA_COST = 250_000;
/** The highest cost of a schema check on the main thread, in its principal's turn: some milliseconds. Steps. */
export const SHARED_SCHEMA_COST = 4_000_000;

/** How long one piece of work may take in a worker before the worker is ended, milliseconds. */
export const WORK_MS = 1000;
/**
 * The number of workers, and the memory that each may use besides its input, MiB. Inputs are bounded so that no piece
 * comes near it in its time: V8 can end the whole process when a worker is ended while its heap is full.
 */
export const WORKERS = 2;
export const WORKER_HEAP_MB = 1024;
/** Pieces of work of one principal that may wait. */
export const WAITING_WORK = 64;

/** A client that reads nothing of its answer for this long is cut, milliseconds. */
export const SLOW_READER_MS = 60_000;
/**
 * A body that is read whole must arrive within this time, and may stall for no longer than the second. Milliseconds.
 */
export const BODY_MS = 120_000;
export const BODY_STALL_MS = 15_000;
/** The most values in JSON that is parsed on the main thread: each costs time and memory. */
export const MAX_JSON_VALUES = 100_000;
/** The most values in an object of Kubernetes that is written, or read to judge a write: it is walked several times. */
export const MAX_OBJECT_VALUES = 25_000;
/** The largest answer of an upstream MCP server, bytes. */
export const MAX_MCP_ANSWER_BYTES = 4 * MiB;
/** How many times as long as its last heavy piece of work on the main thread a principal rests. */
export const REST_AFTER_WORK = 2;
/** Refused sessions that get a record of their own: a burst, then a rate, of one address and in all. */
export const RECORDED_REFUSALS = {
  each: { burst: 50, perSecond: 1 },
  total: { burst: 50, perSecond: 10 },
} as const;
/** Open streams of an HTTP/2 client on one connection. */
export const MAX_STREAMS = 100;
/** Stream resets by an HTTP/2 client: a burst, then a rate; one more ends its connection. */
export const STREAM_RESETS = { burst: 100, perSecond: 33 } as const;
/** How often an HTTP/2 client is pinged, and how long it has to answer. Milliseconds. */
export const PING_EVERY_MS = 3000;
export const PING_ANSWER_MS = 5000;
/** How long a client may take from its handshake to the head of its first request, and for every head. Milliseconds. */
export const HEADERS_MS = 10_000;
/** An idle connection is cut after this: longer than the longest poll. Milliseconds. */
export const SILENCE_MS = 90_000;
/**
 * The share of a port's connections that is reserved for addresses that hold few, so that a few others cannot take all.
 */
export const RESERVED_SHARE = 0.1;
export const FEW_CONNECTIONS = 16;
/** What one direction of a WebSocket may bring in one turn of the event loop, bytes. */
export const MAX_TURN_BYTES = 65_536;

/** A piece of a body below this is small: it costs as much as a larger one. Bytes. */
export const SMALL_PIECE_BYTES = 512;
/** So many small pieces of a body go on as they come; from then on those of one turn of the event loop are joined. */
export const FREE_SMALL_PIECES = 8;
/**
 * Small pieces of bodies that are read in one turn of the event loop, those of all connections together. Whose piece is
 * beyond it waits for its place in the slow lane: one connection is read at a time, so often. Milliseconds.
 */
export const SMALL_PIECES_PER_TURN = 1024;
export const SLOW_LANE_MS = 20;
/**
 * How long an address of which one connection has used up a turn is remembered, and how long no other connection of such
 * addresses is read when one does. Milliseconds.
 */
export const SUSPECT_MS = 10_000;
export const SUSPECT_REST_MS = 5;
/**
 * Small pieces of bodies over HTTP/2, where nothing but the window holds a client back: a burst, then a rate, of one
 * address. One more ends its connection.
 */
export const SMALL_FRAMES = { burst: 5000, perSecond: 5000 } as const;
/** Requests that begin in one turn of the event loop: of all connections, and of one. */
export const REQUESTS_PER_TURN = { total: 32, connection: 8 } as const;
/** Requests of one connection of HTTP/1.1 that wait behind the one that is being answered; one more ends it. */
export const MAX_PIPELINED = 32;
