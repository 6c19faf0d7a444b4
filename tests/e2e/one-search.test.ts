// tier: full
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { openStream } from "@mayfly/testing/signals.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// Two gateways on one PostgreSQL store, each with a log of its own: one search finds what either did.

let world: World;
let second: GatewayProcess;
let startSecond: () => Promise<GatewayProcess>;

interface Found {
  readonly seq: number;
  readonly log: string;
  readonly type: string;
  readonly time: string;
  readonly session?: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly records: readonly Found[];
  readonly next_before?: string;
  readonly last_event_id: string;
  readonly partial?: readonly { readonly log: string; readonly lacks: string }[];
}

beforeAll(async () => {
  world = await startWorld({ store: "postgres", configure: namedFirst });
  startSecond = await secondGateway(world);
  second = await startSecond();
});
afterAll(async () => {
  await second?.stop("SIGKILL");
  await world?.stop();
});

const both = (): readonly GatewayProcess[] => [world.gateway, second];

/** Runs a statement through each gateway. */
async function statementAt(gateway: GatewayProcess, sql: string): Promise<void> {
  const { env } = await getAccess(gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const at = { ...env, PGPORT: String(gateway.postgresPort), PGSSLROOTCERT: gateway.caFile };
  const ran = await psql({ ...world, gateway }, at, ["-c", sql]);
  expect(ran.stderr).toBe("");
}

async function search(gateway: GatewayProcess, query: string, who = "olga@example.com"): Promise<Page> {
  const { status, body } = await call(
    gateway,
    await world.personToken(who),
    "GET",
    `/v1/audit/records?${query}`,
  );
  expect(status).toBe(200);
  return body as Page;
}

const nameOf = ({ log, seq }: Found): string => `${log} ${seq}`;

test("what either gateway did is found at both, with the name of its log", async () => {
  // Each hears of the other with its next beat; until then it says that the newest may be missing.
  for (const gateway of both())
    await expect
      .poll(async () => (await search(gateway, "type=act.intent&text=nothing")).partial)
      .toBeUndefined();
  await statementAt(world.gateway, "select id from orders where id = 4101");
  await statementAt(second, "select id from orders where id = 4102");
  for (const gateway of both())
    for (const [id, log] of [
      [4101, "first"],
      [4102, "second"],
    ] as const) {
      const { records, partial } = await search(gateway, `type=act.intent&text=${id}`);
      expect(records.map((record) => record.log)).toEqual([log]);
      expect(JSON.stringify(records[0]?.detail)).toContain(String(id));
      expect(partial).toBeUndefined();
      const alone = await search(gateway, `type=act.intent&text=${id}&log=${log}`);
      expect(alone.records).toEqual(records);
    }
});

test("pages over both have every record once, newest first, while records are written", async () => {
  const whole = await search(second, "limit=1000");
  expect(new Set(whole.records.map(({ log }) => log))).toEqual(new Set(["first", "second"]));
  const paged: Found[] = [];
  let page = await search(second, "limit=7");
  const newest = page.records[0];
  for (;;) {
    paged.push(...page.records);
    if (page.next_before === undefined) break;
    // Asked at either, and each ask writes nothing that belongs on a page of this search.
    page = await search(
      paged.length % 2 === 0 ? second : world.gateway,
      `limit=7&before=${page.next_before}`,
    );
  }
  const times = paged.map(({ time }) => time);
  expect(times).toEqual(times.toSorted().toReversed());
  expect(new Set(paged.map(nameOf)).size).toBe(paged.length);
  const known = new Set(whole.records.map(nameOf));
  expect(paged.slice(paged.findIndex((one) => known.has(nameOf(one)))).map(nameOf)).toEqual(
    whole.records.map(nameOf),
  );
  expect(newest).toBeDefined();
});

/** The records of a stream, with the id of each event. */
function eventsIn(text: string): readonly (Found & { readonly id: string })[] {
  return Array.from(text.matchAll(/^id: (\S+)\nevent: record\ndata: (.+)$/gm), ([, id = "", data = ""]) => ({
    id,
    ...(JSON.parse(data) as Found),
  }));
}

test("who follows at one sees what the other does, once, and goes on where the line broke", async () => {
  const token = await world.personToken("olga@example.com");
  const { last_event_id: after } = await search(second, "limit=1");
  const whole = await openStream(second, token, { "last-event-id": after });
  await statementAt(world.gateway, "select id from orders where id = 4103");
  await statementAt(second, "select id from orders where id = 4104");
  const acts = (text: string): readonly Found[] =>
    eventsIn(text).filter(({ type }) => type === "act.intent" || type === "act.outcome");
  await expect.poll(() => acts(whole.soFar()).length, { timeout: 30_000 }).toBe(4);
  const text = JSON.stringify(acts(whole.soFar()));
  expect(text).toContain("4103");
  expect(text).toContain("4104");
  const seen = eventsIn(whole.soFar());
  const middle = seen[Math.floor(seen.length / 2)];
  // Asked at the other: a place in each log is the same everywhere.
  const again = await openStream(world.gateway, token, { "last-event-id": middle?.id ?? "" });
  const places = (list: readonly Found[]): readonly string[] => list.map(nameOf).toSorted();
  await expect
    .poll(() => places(eventsIn(again.soFar())), { timeout: 30_000 })
    .toEqual(
      expect.arrayContaining([...places(eventsIn(whole.soFar()).slice(seen.indexOf(middle as never) + 1))]),
    );
  const rest = eventsIn(again.soFar());
  expect(new Set(places(rest)).size).toBe(rest.length);
  expect(rest.some((one) => nameOf(one) === nameOf(middle as Found))).toBe(false);
  for (const log of ["first", "second"]) {
    const seqs = eventsIn(whole.soFar())
      .filter((one) => one.log === log)
      .map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from(seqs, (_, at) => (seqs[0] ?? 0) + at));
  }
});

test("an export at one holds the records of both", async () => {
  const answer = await call(
    second,
    await world.personToken("olga@example.com"),
    "GET",
    "/v1/audit/export?format=csv&type=log.opened",
  );
  const [header, ...rows] = String(answer.body).trimEnd().split("\r\n");
  expect(header).toMatch(/,detail,log$/);
  expect(rows.map((row) => row.slice(row.lastIndexOf(",") + 1)).toSorted()).toEqual(["first", "second"]);
});

test("whoever may not search one log may search none", async () => {
  for (const gateway of both())
    for (const who of ["rosa@example.com"]) {
      const token = await world.personToken(who);
      expect((await call(gateway, token, "GET", "/v1/audit/records?log=first")).status).toBe(403);
      expect((await call(gateway, token, "GET", "/v1/audit/records")).status).toBe(403);
    }
  const agent = await world.agentToken();
  expect((await call(second, agent, "GET", "/v1/audit/records?log=first")).status).toBe(403);
});

test("a log that there is none of is said", async () => {
  const auditor = await world.personToken("olga@example.com");
  const { status, body } = await call(second, auditor, "GET", "/v1/audit/records?log=third");
  expect(status).toBe(404);
  expect(body).toMatchObject({ hint: "the logs are: first, second" });
});

test("of a gateway that is gone, acts are there as far as the store knows them, and that is said", async () => {
  await second.stop("SIGKILL");
  const gone = async (): Promise<Page> => search(world.gateway, "log=second&type=act.intent");
  const { records, partial } = await gone();
  expect(partial).toMatchObject([{ log: "second", lacks: "bodies" }]);
  expect(records).toHaveLength(2);
  for (const record of records)
    expect(record).toMatchObject({ log: "second", connection: "orders-db", detail: { body_at: "second" } });
  const byWords = await search(world.gateway, "text=4102&type=act.intent");
  expect(byWords.records).toEqual([]);
  expect(byWords.partial).toMatchObject([{ log: "second", lacks: "acts" }]);
  const auditor = await world.personToken("olga@example.com");
  const exported = await call(world.gateway, auditor, "GET", "/v1/audit/export?text=4102");
  expect(exported.status).toBe(503);
  expect(exported.body).toMatchObject({ code: "log_partial" });
  // All else it has recorded is in the store in full.
  const opened = await search(world.gateway, "log=second&type=session.opened");
  expect(opened.records).toHaveLength(2);
  // But for what it recorded last, it may be.
  expect(opened.partial).toMatchObject([{ log: "second", lacks: "newest" }]);
  for (const record of opened.records)
    expect(record).toMatchObject({ log: "second", detail: { protocol: "postgres" } });
  second = await startSecond();
  await expect.poll(async () => (await gone()).partial, { timeout: 30_000 }).toBeUndefined();
  expect(JSON.stringify((await gone()).records)).toContain("4102");
  await second.stop();
  // One that was stopped has had everything indexed, and has said so.
  await expect
    .poll(async () => (await search(world.gateway, "log=second&type=session.opened")).partial)
    .toBeUndefined();
  expect((await gone()).partial).toMatchObject([{ log: "second", lacks: "bodies" }]);
});

test("a log that is lost can be given up: searches and exports go on without it, until its gateway is back", async () => {
  const [operator, auditor] = await Promise.all(
    ["olga@example.com", "ada@example.com"].map((who) => world.personToken(who)),
  );
  const retire = (log: string, token = operator ?? "") =>
    call(world.gateway, token, "POST", "/v1/audit/logs/retire", {
      log,
      reason: "INC-12: the machine is gone",
    });
  const exported = () => call(world.gateway, operator ?? "", "GET", "/v1/audit/export?text=4102");
  second = await startSecond();
  // Heard of by the first.
  await expect
    .poll(async () => (await retire("second")).body, { timeout: 30_000 })
    .toMatchObject({
      code: "log_written",
    });
  await second.stop("SIGKILL");
  expect((await retire("first")).body).toMatchObject({ code: "log_own" });
  expect((await retire("third")).status).toBe(404);
  expect((await retire("second", auditor)).status).toBe(403);
  expect((await exported()).status).toBe(503);
  // Until it counts as gone.
  await expect.poll(async () => (await retire("second")).status, { timeout: 60_000 }).toBe(200);
  expect((await retire("second")).body).toMatchObject({ code: "log_retired" });

  const lost = (await search(world.gateway, "text=4102&type=act.intent")) as Page & {
    readonly retired: unknown;
  };
  expect(lost.partial).toBeUndefined();
  expect(lost.retired).toMatchObject([{ log: "second", lacks: "acts", by: expect.any(String) as string }]);
  const acts = await search(world.gateway, "log=second&type=act.intent");
  expect(acts.records.every(({ detail }) => detail["body_at"] === "second")).toBe(true);
  expect((await exported()).status).toBe(200);
  const listed = (await call(world.gateway, operator ?? "", "GET", "/v1/audit/logs")).body as {
    readonly logs: readonly { readonly name: string; readonly state: string }[];
    readonly note: string;
  };
  expect(listed.logs.map(({ name, state }) => `${name} ${state}`)).toEqual([
    "first writing",
    "second retired",
  ]);
  expect(listed.note).toMatch(/^second\+\S+ \d+ \S+ retired$/m);
  const [record] = (await search(world.gateway, "type=log.retired")).records;
  expect(record).toMatchObject({
    log: "first",
    detail: { name: "second", records: expect.any(Number) as number, reason: "INC-12: the machine is gone" },
  });

  second = await startSecond();
  const back = () => search(world.gateway, "type=log.returned&log=second");
  await expect.poll(async () => (await back()).records, { timeout: 30_000 }).toHaveLength(1);
  await expect
    .poll(async () => JSON.stringify((await search(world.gateway, "text=4102&type=act.intent")).records))
    .toContain("4102");
  // The store knows the records of a gateway that the first has not heard of yet.
  let now = listed;
  await expect
    .poll(async () => {
      now = (await call(world.gateway, operator ?? "", "GET", "/v1/audit/logs")).body as typeof listed;
      return now.logs.map(({ state }) => state);
    })
    .toEqual(["writing", "writing"]);
  expect(now.note).not.toContain(" retired");
});
