// `npm run bench -- gateways`: two gateways on one PostgreSQL store. How long after an operator calls one of them the
// client of the other is cut off, for a revocation and for a lock-down; milliseconds from before the call. And how long after
// an agent has collected a grant at one of them the other lets it in.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { startWorld } from "@mayfly/testing/world.ts";
import { dialTls, errorOf } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere, writeResult } from "../measure/results.ts";
import { loadNow } from "../measure/rounds.ts";
import { quantile } from "../quantile.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    "lock-downs": { type: "string", default: "30" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("gateways", values));

const world = await startWorld({ store: "postgres", configure: namedFirst });
const second = await (await secondGateway(world))();

/** A client of the second gateway, and when its socket is dead. */
interface Entered {
  readonly dead: Promise<number>;
  readonly close: () => void;
}

/** @throws Error when the gateway refuses it */
async function enter({ grant, secret }: Access): Promise<Entered> {
  const client = await dialTls(second.postgresPort, readFileSync(second.caFile, "utf8"), ["postgresql"]);
  const dead = new Promise<number>((resolve) => {
    client.socket.once("end", () => resolve(performance.now()));
    client.socket.once("close", () => resolve(performance.now()));
  });
  const answers = await client.logIn({ user: grant, database: "orders-db", secret });
  if (answers.at(-1)?.type !== "Z") {
    const error = answers.find(({ type }) => type === "E");
    throw new Error(error === undefined ? "the gateway closed the connection" : errorOf(error).message);
  }
  return { dead, close: () => client.close() };
}

/** Ends something at the first gateway. @returns milliseconds until the second's client is cut off */
async function late({ dead }: Entered, method: string, what: string): Promise<number> {
  const operator = await world.personToken("olga@example.com");
  const asked = performance.now();
  const { status } = await call(world.gateway, operator, method, what, { reason: "a measurement" });
  if (status >= 300) throw new Error(`${method} ${what} answered ${status}`);
  return (await dead) - asked;
}

/** Collects a grant at the first gateway. @returns milliseconds until the second has let a client in, and how often it refused */
async function letIn(token: string): Promise<{ readonly ms: number; readonly refused: number }> {
  const given = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const collected = performance.now();
  for (let refused = 0; ; refused += 1) {
    try {
      const { close } = await enter(given);
      const ms = performance.now() - collected;
      close();
      return { ms, refused };
    } catch (error) {
      if (performance.now() - collected > 10_000) throw error;
    }
  }
}

/** Lifts the lock-down where it began, and waits until the other gateway serves again. */
async function lift(): Promise<void> {
  const operator = await world.personToken("olga@example.com");
  const { status } = await call(world.gateway, operator, "DELETE", "/v1/lockdown");
  if (status >= 300) throw new Error(`lifting the lock-down answered ${status}`);
  const isLocked = async (): Promise<boolean> => {
    const { body } = await call(second, operator, "GET", "/v1/lockdown");
    return (body as { locked: boolean }).locked;
  };
  while (await isLocked()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const raw: Record<"revocation" | "lock-down" | "first log-in", number[]> = {
  revocation: [],
  "lock-down": [],
  "first log-in": [],
};
let refused = 0;
try {
  const token = await world.agentToken();
  const access = (): Promise<Access> => getAccess(second, token, "orders-db", ["read-orders"]);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const given = await access();
    raw.revocation.push(await late(await enter(given), "POST", `/v1/grants/${given.grant}/revoke`));
  }
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const entered = await letIn(token);
    raw["first log-in"].push(entered.ms);
    refused += entered.refused;
  }
  for (let round = 0; round < Number(values["lock-downs"]); round += 1) {
    raw["lock-down"].push(await late(await enter(await access()), "PUT", "/v1/lockdown"));
    await lift();
  }
  console.log(tableHead(["at the other gateway", "times", "p50", "p99", "largest"]));
  for (const [what, times] of Object.entries(raw)) {
    const show = (part: number): string => `${quantile(times, part).toFixed(0)} ms`;
    console.log(tableRow([what, String(times.length), ...[0.5, 0.99, 1].map(show)]));
  }
  console.log(`log-ins refused as unknown: ${refused}`);
  writeResult(results, `${JSON.stringify({ load: loadNow(), raw, refused })}\n`);
} finally {
  await second.stop("SIGKILL");
  await world.stop();
}
