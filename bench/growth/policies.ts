// Policies: all about one connection of 100 operations, or each about a connection of its own.
import { cpuClock, cpuOf } from "./measure.ts";
import { agent, permitting, rulesOf } from "./scene.ts";
import { offersOf, planOf } from "../../packages/gateway/src/grants/requests/plan.ts";
import type { PolicyEntry } from "../../packages/gateway/src/policy/types.ts";
import { ms, printRows, rowsAt } from "./table.ts";

const OPERATIONS = 100;
const operations = Array.from({ length: OPERATIONS }, (_, number) => `read-${number}`);

function entriesOf(size: number, connectionOf: (number: number) => string): readonly PolicyEntry[] {
  return Array.from({ length: size }, (_, number) => ({
    ...permitting(`policy ${number}`, connectionOf(number), [operations[number % OPERATIONS] as string]),
    // The agent is in the groups of one in ten.
    groups: [Math.floor(number / OPERATIONS) % 10 === 0 ? "support-agents" : `group-${number}`],
    when: "context.hour >= 0",
  }));
}

function askOn(connection: string): Parameters<typeof planOf>[1] {
  return {
    requester: agent(1),
    connection,
    operations: ["read-7"],
    reason: "TICKET-7",
    clientAddress: "10.0.0.1",
    at: Date.now(),
  };
}

const rows = await rowsAt([100, 1000, 10_000], async (size) => {
  const one = entriesOf(size, () => "shop");
  const inventory = new Map([["shop", operations]]);
  const compiling = cpuClock();
  const rules = rulesOf(one, inventory);
  const compile = compiling();
  const judged = await cpuOf({ run: () => planOf(rules, askOn("shop")) });
  const offers = await cpuOf({
    run: () => offersOf(rules, agent(1), "10.0.0.1", Date.now()),
  });
  const many = entriesOf(size, (number) => `shop-${Math.floor(number / OPERATIONS)}`);
  const others = new Map(many.map(({ connection }) => [connection, operations]));
  const apart = rulesOf(many, others);
  const judgedApart = await cpuOf({ run: () => planOf(apart, askOn("shop-0")) });
  return {
    "a request judged, all policies about one connection of 100 operations": ms(judged),
    "a request judged, 100 policies a connection": ms(judgedApart),
    "what an agent may request, 100 operations": ms(offers),
    "compiled, at a start or reload": ms(compile),
  };
});
printRows("policies", rows);
