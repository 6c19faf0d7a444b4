import { readFileSync } from "node:fs";
import pg from "pg";
import type { EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

/** Statements of one operation may run this long upstream: the bound of what a killed gateway may leave running. */
export const OPERATION_TIMEOUT_MS = 3000;

/** The demo's shop, so configured that nothing but the gateway bounds the load. @param bin which mayflyd */
export async function tortureWorld(
  bin: string | undefined,
  change: (text: string) => string = (text) => text,
): Promise<World> {
  const world = await startWorld({
    store: "sqlite",
    ...(bin === undefined ? {} : { bin }),
    configure: (text) =>
      change(
        text
          .replace("\nidentity:", "\nlimits: { pending_per_principal: 10000 }\n\nidentity:")
          .replace("timeout: 30s", `timeout: ${OPERATION_TIMEOUT_MS / 1000}s`)
          .replace(/, fresh_sign_in: \w+/, ""),
      ),
  });
  // A refund writes a mark of its own, so that every effect can be told from every other.
  await asSuperuser(world.postgres, async (admin) => {
    await admin.query("ALTER TABLE orders DROP CONSTRAINT orders_status_check");
  });
  return world;
}

/** Works on the shop's database beside the gateway. */
export async function asSuperuser<T>(
  postgres: EmbeddedPostgres,
  work: (admin: pg.Client) => Promise<T>,
): Promise<T> {
  const admin = new pg.Client({ connectionString: postgres.url("shop") });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** A way into a grant, as its holder keeps it. */
export interface Way {
  readonly grant: string;
  readonly secret: string;
}

/** A client of the PostgreSQL port. */
export async function clientOf(world: World, way: Way): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: world.gateway.postgresPort,
    user: way.grant,
    password: way.secret,
    database: "orders-db",
    ssl: { ca: readFileSync(world.gateway.caFile), servername: "localhost" },
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Random numbers from a seed (mulberry32): the same seed, the same run as far as timing allows. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const TICK_MS = 50;
/** A timer that is later than that was not held up by this process: the machine stood still. */
const PAUSE_MS = 250;

/** Tells how long the machine stood still since the call, milliseconds: what was tested stood still too. */
export function pauses(): { readonly total: () => number; stop(): void } {
  let [last, sum] = [performance.now(), 0];
  const tick = (): void => {
    const late = performance.now() - last - TICK_MS;
    if (late > PAUSE_MS) sum += late;
    last = performance.now();
  };
  const timer = setInterval(tick, TICK_MS);
  return {
    total() {
      tick();
      return sum;
    },
    stop: () => clearInterval(timer),
  };
}

/** Waits until something is so. Pauses of the machine do not count. @returns whether it was in time */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 20,
): Promise<boolean> {
  const paused = pauses();
  try {
    for (const end = Date.now() + withinMs; ;) {
      if (await isSo()) return true;
      if (Date.now() > end + paused.total()) return false;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  } finally {
    paused.stop();
  }
}
