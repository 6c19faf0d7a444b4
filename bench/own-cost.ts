// What a query costs of the gateway's own code: eight sessions, each between two sockets that cost nothing, with the real gate,
// guard and log. `npx node bench/own-cost.ts [ROUNDS]` prints the CPU of the thread that serves them, microseconds a query.
import { quantile } from "./quantile.ts";
import { turnOver, withFolder } from "./growth/measure.ts";
import { commonOf, relay, type Sockets } from "./growth/relayed.ts";
import { createScene } from "./growth/scene.ts";
import { bind, bound, describe, done, execute, parse, parsed, query, ready, row, rowDescription, sync } from "./growth/wire.ts"; // prettier-ignore

const SESSIONS = 8;
/** Each of a round sends a query on every session. */
const TURNS = 1000;
const TEXTS = 997;
const rounds = Number(process.argv[2] ?? 40);
const sql = "select status from orders_0 where id = $1";

/** What clients send each time, what the server answers, and what is said once before. */
const kinds = {
  prepared: {
    before: { asked: Buffer.concat([parse("one", sql), sync]), answer: Buffer.concat([parsed, ready]) },
    ask: (value: string) => Buffer.concat([bind("one", value), describe, execute, sync]),
    answer: Buffer.concat([bound, rowDescription, row, ...done]),
  },
  simple: {
    before: undefined,
    ask: (value: string) => query(sql.replace("$1", value)),
    answer: Buffer.concat([rowDescription, row, ...done]),
  },
};

/** The first texts of their kind are judged by a thread: the answer comes once the question has left. */
async function say({ client, server }: Sockets, asked: Buffer, answer: Buffer): Promise<void> {
  const { writes } = server;
  client.emit("data", asked);
  do await turnOver();
  while (server.writes === writes);
  await server.say(answer);
}

await withFolder(async (folder) => {
  const scene = await createScene(folder);
  const common = commonOf(scene);
  for (const [name, { before, ask, answer }] of Object.entries(kinds)) {
    const sessions: Sockets[] = [];
    for (let number = 0; number < SESSIONS; number += 1) sessions.push(await relay(scene, common, number));
    const asked = Array.from({ length: TEXTS }, (_, at) => ask(String(10_000 + at)));
    for (const session of sessions) {
      if (before !== undefined) await say(session, before.asked, before.answer);
      for (const each of asked) await say(session, each, answer);
    }
    const took: number[] = [];
    let at = 0;
    for (let round = 0; round <= rounds; round += 1) {
      const from = process.threadCpuUsage();
      for (let turn = 0; turn < TURNS; turn += 1) {
        for (const { client } of sessions) client.emit("data", asked[(at += 1) % asked.length]);
        await turnOver();
        for (const { server } of sessions) server.emit("data", answer);
      }
      const { user, system } = process.threadCpuUsage(from);
      // The first one warms up.
      if (round > 0) took.push((user + system) / TURNS / SESSIONS);
    }
    const figures = [1 / rounds, 0.25, 0.5].map((part) => quantile(took, part).toFixed(2));
    console.log(`${name}: least ${figures[0]}, quarter ${figures[1]}, median ${figures[2]} µs a query`);
    for (const { stop } of sessions) stop();
  }
  common.judging.stop();
  await scene.close();
});
process.exit();
