// Open sessions, ten a grant, each of another agent; the acts go round all of them.
import { actTurn, ofAct, over, sender } from "./acts.ts";
import { cpuClock, cpuOf, withFolder } from "./measure.ts";
import { agent, createScene } from "./scene.ts";
import { grantId, seed } from "./seed.ts";
import { printRows, rowsAt, us } from "./table.ts";

const OF_GRANT = 10;
const sqlOf = (number: number): string => `select status from orders_0 where id = ${number}`;

const rows = await rowsAt([10, 500, 5000], (size) =>
  withFolder(async (folder) => {
    const agents = size / OF_GRANT;
    await seed(folder, { copies: agents, agents, isOver: false });
    const scene = await createScene(folder);
    const before = memory();
    const sessions: Awaited<ReturnType<typeof scene.open>>[] = [];
    for (let number = 0; number < agents; number += 1) {
      const id = number === 0 ? await scene.activate(agent(0)) : grantId(number);
      const some = Array.from({ length: OF_GRANT }, () => scene.open(agent(number), id));
      sessions.push(...(await Promise.all(some)));
    }
    for (const session of sessions) session.attach(sender);
    const extra = await scene.activate(agent(agents + 1));
    const open = () => scene.open(agent(agents + 1), extra);
    const held = memory() - before;
    const act = await cpuOf({
      run: (at) => actTurn(sessions[at % size] as (typeof sessions)[number], at, sqlOf),
    });
    const opening = await cpuOf({ run: async () => (await open()).close(over) });
    const look = await cpuOf({ run: () => scene.gates.look() });
    const begun = cpuClock();
    const stopped = scene.gates.stop("over", 10_000);
    for (const session of sessions) session.close(over);
    await stopped;
    const ends = begun();
    await scene.close();
    return {
      "an act": us(ofAct(act)),
      "one more opened and closed": us(opening),
      "all looked at (GET /v1/sessions)": us(look),
      "all ended as the gateway stops": us(ends),
      "memory of all of them": { unit: "MB" as const, figure: Math.max(held, 1000) / 1e6 },
    };
  }),
);
printRows("open sessions", rows);
process.exit();

/** Bytes of the heap and beside it. */
function memory(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
