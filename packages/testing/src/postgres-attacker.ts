import { readFileSync } from "node:fs";
import {
  dialTls,
  frame,
  frames,
  int32,
  type RawClient,
} from "../../gateway/src/protocols/postgres/testing/wire.ts";
import type { Ground } from "./postgres-siege.ts";

/** One agent's attacks on a PostgreSQL port, each for some seconds; run as a process of its own. */
type Attack = (ground: Ground, until: number) => Promise<number>;

async function logIn({ port, caFile }: Ground, way: Ground["busy"], secret = way.secret): Promise<RawClient> {
  const client = await dialTls(port, readFileSync(caFile, "utf8"), ["postgresql"]);
  client.socket.on("error", () => undefined);
  await client.logIn({ user: way.grant, database: way.connection, secret }).catch(() => undefined);
  return client;
}

/** `limits.sessions_per_grant`, but some that are being closed. */
const MAX_SESSIONS_OF_GRANT = 30;

const isOver = (until: number): boolean => performance.now() >= until;

/** Waits until the client's bytes have gone, its connection has, or the time is over. */
async function drained(client: RawClient, until: number): Promise<void> {
  const { socket } = client;
  while (socket.writableLength > 65_536 && !socket.destroyed && !isOver(until))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/**
 * Sends what `next` gives on several sessions, as fast as it is taken, and reads what comes.
 * @param first said once on each session
 */
function flood(sessions: number, next: (count: number) => Buffer, first?: Buffer): Attack {
  return async (ground, until) => {
    let sent = 0;
    await Promise.all(
      Array.from({ length: sessions }, async (_, session) => {
        while (!isOver(until)) {
          const client = await logIn(ground, session < MAX_SESSIONS_OF_GRANT ? ground.busy : ground.second);
          client.socket.removeAllListeners("data");
          client.socket.on("data", () => undefined);
          if (first !== undefined) client.send(first);
          while (!isOver(until) && !client.socket.destroyed) {
            client.send(next(sent));
            sent += 1;
            await drained(client, until);
            await new Promise((resolve) => setImmediate(resolve));
          }
          client.close();
        }
      }),
    );
    return sent;
  };
}

/** Has statements answered that never end, on several sessions, and reads what comes as fast as it comes. */
function reading(sessions: number, text: string): Attack {
  return async (ground, until) => {
    const clients = await Promise.all(
      Array.from({ length: sessions }, (_, session) =>
        logIn(ground, session < MAX_SESSIONS_OF_GRANT ? ground.busy : ground.second),
      ),
    );
    let read = 0;
    for (const { socket } of clients) {
      socket.removeAllListeners("data");
      socket.on("data", ({ length }: Buffer) => {
        read += length;
      });
    }
    for (const client of clients) client.send(frames.query(text));
    await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
    for (const client of clients) client.close();
    return read;
  };
}

const repeated = (frame: Buffer, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => frame));

const slow: readonly string[] = [
  `SELECT 1 ${"/*".repeat(100_000)}`,
  `SELECT 1 ${"/**/".repeat(60_000)}`,
  `SELECT 1 ${"+-".repeat(60_000)}1`,
  `SELECT ${"@ ".repeat(100_000)}1`,
  `SELECT ${"(".repeat(100_000)}1`,
];
/** As long as a text may be, each costly in its own way. */
const long: readonly string[] = [
  `SELECT ARRAY[${"1,".repeat(520_000)}1]`,
  `SELECT ${"*,".repeat(520_000)}*`,
  `VALUES ${"(1),".repeat(260_000)}(1)`,
  "select;".repeat(149_000),
  `SELECT 1 ${"+-".repeat(520_000)}1`,
];
const stars = "SELECT *,* FROM (".repeat(20).concat("SELECT 1", ")x".repeat(20), ";").repeat(655);
const large = Buffer.alloc(15_000_000, "x").toString("latin1");
const copyData = repeated(frame("d", Buffer.from("\n")), 10_000);
const syncs = repeated(frames.sync, 10_000);
const flushes = repeated(Buffer.concat([frames.flush, frames.close("P", "x")]), 5000);
const portals = Buffer.concat([
  ...Array.from({ length: 8 }, (_, n) => frames.bind(`b${n}`, "s", ["x".repeat(60_000)])),
  frames.sync,
]);
const queries = repeated(frames.query("select 1"), 200);

const attacks: Readonly<Record<string, Attack>> = {
  nothing: async (_, until) => {
    await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
    return 0;
  },
  "texts that take long to parse": flood(6, (n) => frames.query(`${slow[n % slow.length] ?? ""} -- ${n}`)),
  "texts as long as they may be": flood(4, (n) => frames.query(`${long[n % long.length] ?? ""} -- ${n}`)),
  "stars of stars": flood(4, (n) =>
    frames.query(stars.slice(0, 250_000).replace(/;[^;]*$/, `; SELECT ${n}`)),
  ),
  "deep texts, pipelined": flood(4, (n) =>
    Buffer.concat(
      Array.from({ length: 50 }, (_, m) => frames.query(`SELECT ${"@ ".repeat(7000)}${n * 50 + m}`)),
    ),
  ),
  "small texts that are all new, pipelined": flood(8, (n) =>
    Buffer.concat(
      Array.from({ length: 200 }, (_, m) =>
        frames.query(`SELECT '${n}-${m}' FROM public.t WHERE id IN (1,2,3)`),
      ),
    ),
  ),
  "Parse of 15 MB without Sync": flood(4, (n) => frames.parse(`p${n}`, large)),
  "Bind of 8 MB, executed again and again": flood(3, (n) =>
    Buffer.concat([
      frames.parse("", "SELECT length($1::text)"),
      frames.bind(`b${n}`, "", [large.slice(0, 8_000_000)]),
      ...Array.from({ length: 20 }, () => frames.execute(`b${n}`, 1)),
      frames.flush,
    ]),
  ),
  "large messages that never end": async (ground, until) => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => logIn(ground, ground.busy)));
    for (const client of clients)
      client.send(Buffer.from("Q"), int32(16_000_000), Buffer.alloc(15_900_000, "x"));
    await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
    for (const client of clients) client.close();
    return clients.length;
  },
  "log-ins until refused": async (ground, until) => {
    const clients: RawClient[] = [];
    while (!isOver(until)) {
      const more = await Promise.all(Array.from({ length: 10 }, () => logIn(ground, ground.shared)));
      clients.push(...more);
      if (clients.length > 400) for (const client of clients.splice(0, 200)) client.close();
    }
    for (const client of clients) client.close();
    return clients.length;
  },
  "made-up secrets": async (ground, until) => {
    let tried = 0;
    await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        while (!isOver(until)) {
          const way =
            n % 2 === 0 ? ground.busy : { ...ground.busy, grant: `gr_${String(n).padStart(16, "0")}` };
          const client = await logIn(ground, way, "made-up").catch(() => undefined);
          client?.close();
          tried += 1;
        }
      }),
    );
    return tried;
  },
  "handshakes that never end": async (ground, until) => {
    const clients: RawClient[] = [];
    for (let n = 0; n < 400 && !isOver(until); n += 1) {
      const client = await dialTls(ground.port, readFileSync(ground.caFile, "utf8"), ["postgresql"]);
      client.socket.on("error", () => undefined);
      client.send(frame("p", "half"), Buffer.from([0, 0]));
      clients.push(client);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - performance.now())));
    for (const client of clients) client.close();
    return clients.length;
  },
  "CopyData of one byte": flood(60, () => copyData, frames.query("COPY public.notes FROM STDIN")),
  "Syncs, pipelined": flood(60, () => syncs),
  "Flush and Close, pipelined": flood(60, () => flushes),
  "texts of 3 kB, prepared": flood(32, (n) =>
    Buffer.concat(
      Array.from({ length: 20 }, (_, m) => [
        frames.parse(`p${m}`, `SELECT '${n}-${m}', '${"x".repeat(3000)}' FROM public.t`),
        frames.close("S", `p${m}`),
      ])
        .flat()
        .concat(frames.sync),
    ),
  ),
  "portals of 60 kB": flood(
    32,
    () => portals,
    Buffer.concat([frames.parse("s", "SELECT length($1::text)"), frames.sync]),
  ),
  "one short query, pipelined": flood(24, () => queries),
  "rows of no columns": reading(60, "select from public.t a, public.t b, public.t c"),
};

async function attack({
  name,
  ground,
  seconds,
}: {
  name: string;
  ground: Ground;
  seconds: number;
}): Promise<void> {
  const did = await attacks[name]?.(ground, performance.now() + seconds * 1000);
  process.send?.({ did });
  // What is on its way to the gateway is not waited for.
  setTimeout(() => process.exit(did === undefined ? 2 : 0), 50);
}

process.once("message", (said: Parameters<typeof attack>[0]) => void attack(said));
