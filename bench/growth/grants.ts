// Live grants, each of another agent.
import { actTurn, ofAct, over, sender } from "./acts.ts";
import { cpuClock, cpuOf, withFolder } from "./measure.ts";
import { auditorOf } from "./people.ts";
import { agent, CONNECTION, createScene } from "./scene.ts";
import { grantId, seed } from "./seed.ts";
import { ms, printRows, rowsAt, us } from "./table.ts";

const sqlOf = (number: number): string => `select status from orders_0 where id = ${number}`;

const rows = await rowsAt([10, 1000, 10_000], (size) =>
  withFolder(async (folder) => {
    await seed(folder, { copies: size, agents: size, isOver: false });
    const started = cpuClock();
    const scene = await createScene(folder);
    const start = started();
    const { grants } = scene;
    const [holder, last] = [agent(size - 1), grantId(size - 1)];
    const session = await scene.open(holder, last);
    session.attach(sender);
    const act = await cpuOf({ run: (at) => actTurn(session, at, sqlOf) });
    const byId = await cpuOf({ run: () => grants.live(last) });
    const byToken = await cpuOf({ run: () => grants.liveOf(holder, CONNECTION) });
    const request = await cpuOf({ run: (at) => scene.activate(agent(1_000_000 + at)) });
    const list = await cpuOf({ run: () => grants.grants(auditorOf(holder), { all: true }) });
    const poll = await cpuOf({ run: () => scene.store.grants.grants({ state: "active", limit: 100_000 }) });
    session.close(over);
    await scene.close();
    return {
      "an act, 16 a turn": us(ofAct(act)),
      "a grant found by its id": us(byId),
      "a token's grants found": us(byToken),
      "a request that becomes a grant": us(request),
      "a page of all grants": us(list),
      "all read from the store, once a second where gateways share it": ms(poll),
      "a start, log and store with them": ms(start),
    };
  }),
);
printRows("live grants", rows);
process.exit();
