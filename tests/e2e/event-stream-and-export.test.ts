// tier: full
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { leafHash, openCheckpoint, parseVerifierKey, rootOfProof } from "@mayfly/audit-verifier";
import { createMayfly, type AuditRecord, type Mayfly, MayflyError } from "@mayfly/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

let world: World;
let token: string;
let operator: Mayfly;
let reviewer: Mayfly;
let auditor: Mayfly;

const sdk = (as: string): Mayfly =>
  createMayfly({ url: world.gateway.url, ca: readFileSync(world.gateway.caFile, "utf8"), token: as });

beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
  token = await world.agentToken();
  operator = sdk(await world.personToken("olga@example.com"));
  reviewer = sdk(await world.personToken("rosa@example.com"));
  auditor = sdk(await world.personToken("ada@example.com"));
});
afterAll(() => world.stop());

/** Waits for something that another process does. */
async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Follows events until it is told to stop. */
async function following(mayfly: Mayfly, more: { lastEventId?: number } = {}) {
  const records: AuditRecord[] = [];
  const stop = new AbortController();
  const states: string[] = [];
  const end = mayfly
    .events((record) => void records.push(record), {
      signal: stop.signal,
      onState: (state) => void states.push(state),
      ...more,
    })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  await until("the stream opens", () => (states.includes("open") ? true : undefined));
  return {
    records,
    states,
    end,
    async stop() {
      stop.abort();
      await end;
    },
  };
}

/** A psql that stays connected, after one query. */
async function livePsql(
  access: Access,
): Promise<{ child: ChildProcess; printed: () => string; over: Promise<number> }> {
  const child = spawn("psql", ["-X", "-At"], {
    env: { ...process.env, ...access.env, PGSSLROOTCERT: world.gateway.caFile },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const over = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  child.stdin.write("select 'connected', count(*) from orders;\n");
  await until("psql connects", () => (printed.includes("connected|") ? true : undefined));
  return { child, printed: () => printed, over };
}

const refund = () =>
  call(world.gateway, token, "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["refund-order"],
    reason: "TICKET-7",
  });

test("events come as they happen, each with what its reader may see, and go on after a loss", async () => {
  const [operators, reviewers, agents] = [
    await following(operator),
    await following(reviewer),
    await following(sdk(token)),
  ];
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  await psql(world, access.env, ["-At", "-c", "select 4711, count(*) from orders"]);
  // psql may be gone before its session is.
  await until("the session's end is told", () =>
    operators.records.find(({ type }) => type === "session.closed"),
  );
  await refund();
  const seen = (records: readonly AuditRecord[]) => new Set(records.map(({ type }) => type));
  await until("all have heard of the refund", () =>
    [operators, reviewers, agents].every(({ records }) =>
      records.some(({ operations }) => operations?.includes("refund-order")),
    )
      ? true
      : undefined,
  );
  expect(seen(operators.records)).toEqual(
    new Set([
      "request.created",
      "request.approved",
      "grant.activated",
      "grant.collected",
      "session.opened",
      "act.intent",
      "act.outcome",
      "session.closed",
    ]),
  );
  expect(JSON.stringify(operators.records)).toContain("select 4711");
  expect(operators.records.map(({ seq }) => seq)).toEqual(
    operators.records.map(({ seq }) => seq).toSorted((a, b) => a - b),
  );
  // The grant that nobody had to approve was none of the reviewer's business.
  expect(seen(reviewers.records)).toEqual(new Set(["request.created"]));
  expect(seen(agents.records).has("act.intent")).toBe(false);
  expect(seen(agents.records)).toContain("grant.activated");
  for (const { records } of [reviewers, agents]) expect(JSON.stringify(records)).not.toContain("select 4711");
  for (const each of [operators, reviewers, agents]) await each.stop();

  const [first] = operators.records;
  const again = await following(operator, { lastEventId: first?.seq ?? 0 });
  await until("what was missed is there", () =>
    again.records.length >= operators.records.length - 1 ? true : undefined,
  );
  expect(again.records.slice(0, operators.records.length - 1)).toEqual(operators.records.slice(1));
  await again.stop();
});

test("a live session shows its statement, and revoking all of an agent cuts every psql of it", async () => {
  const [one, two] = [
    await livePsql(await getAccess(world.gateway, token, "orders-db", ["read-orders"])),
    await livePsql(await getAccess(world.gateway, token, "orders-db", ["read-orders"])),
  ];
  const live = await until("both sessions are shown idle", async () => {
    const { grants } = await operator.live();
    const sessions = grants.flatMap((each) => each.sessions);
    return sessions.length === 2 && sessions.every(({ now }) => now?.state === "idle") ? grants : undefined;
  });
  const [session] = live.flatMap(({ sessions }) => sessions);
  expect(session).toMatchObject({
    protocol: "postgres",
    software: "psql",
    acts: 1,
    denied: 0,
    now: { text: "select 'connected', count(*) from orders;" },
  });
  const requester = live[0]?.grant.requester;
  if (requester === undefined) throw new Error("nobody holds a grant");
  await expect(reviewer.live()).rejects.toMatchObject({ code: "role_required" });
  await expect(reviewer.revokeAll(requester, "mine now")).rejects.toMatchObject({ code: "role_required" });
  expect(await operator.revokeAll(requester, "it misbehaves")).toBeGreaterThanOrEqual(2);
  // psql notices a cut connection when it next uses it.
  for (const { child, printed, over } of [one, two]) {
    child.stdin?.end("select 'still here' from orders limit 1;\n");
    await over;
    expect(printed()).toContain("it misbehaves");
    expect(printed()).not.toMatch(/^still here/m);
  }
  expect((await operator.live()).grants).toEqual([]);
  expect(await operator.revokeAll(requester, "it misbehaves")).toBe(0);
  const { records } = await auditor.audit.search({ type: "grant.revoked", text: "misbehaves" });
  expect(records.length).toBeGreaterThanOrEqual(2);
  expect(records[0]?.detail["by"]).toBe("olga@example.com");
  // Nothing more of these sessions is recorded while the next test reads what there is.
  await until("every session's end is on record", async () => {
    const count = async (type: string) => (await auditor.audit.search({ type, limit: 100 })).records.length;
    return (await count("session.closed")) === (await count("session.opened")) ? true : undefined;
  });
});

test("an export holds every record that matches, in either form", async () => {
  const textOf = async (parts: AsyncIterable<Uint8Array>): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of parts) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const filter = { connection: "orders-db", operation: "orders-db/read-orders" };
  const all: AuditRecord[] = [];
  for await (const record of auditor.audit.all(filter)) all.push(record);
  expect(all.length).toBeGreaterThan(10);
  const jsonl = await textOf(await auditor.audit.export(filter, "jsonl"));
  expect(
    jsonl
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditRecord),
  ).toEqual(all);
  const csv = await textOf(await auditor.audit.export(filter, "csv"));
  expect(csv.match(/^\d+,2/gm)).toHaveLength(all.length);
  await expect(reviewer.audit.export(filter, "csv")).rejects.toBeInstanceOf(MayflyError);
});

test("records are proved against the checkpoint, by whoever holds the key", async () => {
  const key = await auditor.audit.key();
  const { checkpoint, entries } = await auditor.audit.proofs({ limit: 100 });
  const head = openCheckpoint(checkpoint, [parseVerifierKey(key)]);
  expect(entries.length).toBeGreaterThan(0);
  expect(entries[0]?.seq).toBe(head.size - 1);
  for (const { seq, line, proof } of entries) {
    const hashes = proof.map((hash) => Buffer.from(hash, "base64"));
    expect(rootOfProof(leafHash(Buffer.from(line)), seq, head.size, hashes)).toEqual(head.root);
  }
});

test("connections say how the database is, and reach who can get where and what was used", async () => {
  const up = await until("the database is seen", async () => {
    const [connection] = await reviewer.connections();
    return connection?.health.state === "up" ? connection : undefined;
  });
  expect(up).toMatchObject({ name: "orders-db", protocol: "postgres", health: { state: "up" } });
  expect(up.address).toMatch(/^127\.0\.0\.1:\d+\/shop$/);
  expect(up.recent.grants).toBeGreaterThan(2);
  expect(up.recent.acts).toBeGreaterThan(2);
  const text = JSON.stringify([up, await reviewer.reach()]);
  expect(text).not.toContain("only-the-gateway-knows");
  const { groups, operations } = await reviewer.reach();
  expect(groups).toContain("support-agents");
  const [read, refundOrder] = operations;
  expect(read).toMatchObject({
    operation: "read-orders",
    reachable_by: expect.arrayContaining(["support-agents"]),
  });
  expect(Date.now() - Date.parse(read?.last_used_at ?? "")).toBeLessThan(300_000);
  expect(refundOrder).not.toHaveProperty("last_used_at");
  expect(refundOrder?.rules.some(({ approval, when }) => approval !== undefined && when !== undefined)).toBe(
    true,
  );
  await expect(sdk(token).reach()).rejects.toMatchObject({ code: "role_required" });
});

test("the streams end when the gateway stops, which waits for none of them", async () => {
  const followed = await following(operator);
  expect(await world.gateway.stop()).toBe(0);
  await until("the stream is lost", () => (followed.states.includes("lost") ? true : undefined));
  await world.restart();
  await until("the stream is back", () => (followed.states.at(-1) === "open" ? true : undefined));
  const { body } = await refund();
  const { id } = body as { id: string };
  await until("it goes on", () => followed.records.find(({ request }) => request === id));
  // Nothing that happened while it was away is missing.
  expect(followed.records.map(({ type }) => type)).toContain("log.opened");
  await followed.stop();
});
