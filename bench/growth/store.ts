// A store of so many requests that came to grants and ended, of a thousand agents.
import { cpuClock, cpuOf, withFolder } from "./measure.ts";
import { requesterKey } from "../../packages/gateway/src/kernel/requester.ts";
import { auditorOf } from "./people.ts";
import { agent, createScene } from "./scene.ts";
import { grantId, seed } from "./seed.ts";
import { ms, printRows, rowsAt, us } from "./table.ts";

const AGENTS = 1000;
const isKept = () => Promise.resolve(() => true);

const rows = await rowsAt([1000, 100_000, 1_000_000], (size) =>
  withFolder(async (folder) => {
    await seed(folder, { copies: size, agents: AGENTS, isOver: true });
    const begun = cpuClock();
    const scene = await createScene(folder);
    const start = begun();
    const { grants, store } = scene;
    const auditor = auditorOf(agent(1));
    const request = await cpuOf({ run: (at) => scene.activate(agent(at % AGENTS)) });
    const history = await cpuOf({
      run: (at) => store.grants.grants({ requester: requesterKey(agent(at % AGENTS)), limit: 5 }),
    });
    const one = await cpuOf({ run: (at) => grants.grant(auditor, grantId(1 + (at % 900))) });
    const page = await cpuOf({ run: () => grants.requests(auditor, { all: true }) });
    const own = await cpuOf({ run: (at) => grants.requests({ ...agent(at % 900), roles: [] }, {}) });
    const ofGrants = await cpuOf({ run: () => grants.grants(auditor, { all: true }) });
    const ofState = await cpuOf({
      run: () => grants.grants(auditor, { all: true, state: "active" }),
    });
    const inbox = await cpuOf({ run: () => grants.inbox(auditor) });
    const emergencies = await cpuOf({
      run: () => grants.requests(auditor, { all: true, emergencies: "any" }),
    });
    // Nothing is old enough: what the look costs that finds nothing.
    const forget = await cpuOf({ run: () => store.forgetEnded(0, isKept) });
    await scene.close();
    return {
      "a request that becomes a grant": us(request),
      "an agent's earlier grants, for a request that waits": us(history),
      "one grant shown": us(one),
      "a page of everybody's requests": us(page),
      "a page of an agent's own": us(own),
      "a page of all grants": us(ofGrants),
      "the active grants": us(ofState),
      "an inbox": us(inbox),
      "a page of emergencies, of which there are none": us(emergencies),
      "a look for what to forget, once a minute": us(forget),
      "a start": ms(start),
    };
  }),
);
printRows("requests in the store", rows);
process.exit();
