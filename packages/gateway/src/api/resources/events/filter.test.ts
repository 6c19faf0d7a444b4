import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../../../audit/records.ts";
import type { Grants } from "../../../grants/grants.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../../../kernel/errors.ts";
import { eventFilter } from "./filter.ts";
import { fakeGrants } from "../../testing/fake-grants.ts";
import { principals, testPrincipal } from "../../testing/fakes.ts";

const agent = principals["agent"] ?? testPrincipal("", "agent");
const reviewer = testPrincipal("rita@example.test", "person", ["reviewer"]);

/** Grants of which a test says what is found. The reviewer's group approves orders-db/refund-order. */
type Found = Parameters<typeof eventFilter>[0];
const finding = (find: Grants["find"]): Found => ({
  find,
  reviewsEmergenciesOf: ({ groups }, { connection, operations }) =>
    groups.includes("support-leads") && connection === "orders-db" && operations.join() === "refund-order",
});
const notFound = () => Promise.reject(new MayflyError("not_found", "no", { status: 404 }));

let seq = 0;
function record(type: AuditRecord["type"], request: string | undefined, more: object = {}): AuditRecord {
  return {
    seq: seq++,
    time: "2026-11-24T12:00:00.000Z",
    type,
    configuration: "sha256:00",
    detail: { reason: "TICKET-1", client_address: "10.0.0.9", act: { sql: "select secret" } },
    ...(request === undefined ? {} : { request }),
    ...more,
  };
}

async function pending() {
  const grants = fakeGrants(systemClock);
  const { id } = await grants.request(agent, {
    connection: "orders-db",
    operations: ["refund-order"],
    reason: "TICKET-1",
    clientAddress: "10.0.0.9",
  });
  return { grants, id };
}

const typesOf = async (filter: ReturnType<typeof eventFilter>, records: readonly AuditRecord[]) => {
  const seen: string[] = [];
  for (const each of records) {
    const view = filter.wanted(each.type) ? await filter.view(each) : undefined;
    if (view !== undefined) seen.push(view.type);
  }
  return seen;
};

/** One request's story, and things that are about nobody or somebody else. */
const story = (id: string): AuditRecord[] => [
  record("request.created", id),
  record("approval.given", id),
  record("request.approved", id),
  record("grant.activated", id),
  record("session.opened", id),
  record("act.intent", id),
  record("act.denied", id),
  record("act.outcome", id),
  record("grant.expired", id),
  record("lockdown.started", undefined),
  record("authentication.refused", undefined),
  record("configuration.loaded", undefined),
  record("session.refused", undefined),
];

describe("what somebody sees of the log as it is written", () => {
  it("is everything, whole, for operators and auditors", async () => {
    const { grants, id } = await pending();
    for (const role of ["operator", "auditor"] as const) {
      const filter = eventFilter(grants, testPrincipal("o", "person", [role]));
      for (const each of story(id)) {
        expect(filter.wanted(each.type)).toBe(true);
        expect(await filter.view(each)).toBe(each);
      }
    }
  });

  it("is how requests go for a reviewer who may see them, and no statement, session or grant", async () => {
    const { grants, id } = await pending();
    const filter = eventFilter(grants, reviewer);
    expect(await typesOf(filter, story(id))).toEqual([
      "request.created",
      "approval.given",
      "request.approved",
      "lockdown.started",
    ]);
    expect(await filter.view(record("request.created", id))).toMatchObject({
      detail: { reason: "TICKET-1" },
    });
    const view = JSON.stringify(await filter.view(record("request.created", id)));
    expect(view).not.toContain("10.0.0.9");
    expect(view).not.toContain("select secret");
    expect(view).not.toContain("sha256:00");
  });

  it("is nothing of a request that a reviewer may not see", async () => {
    const { grants } = await pending();
    const filter = eventFilter(finding(notFound), reviewer);
    expect(await typesOf(filter, story("req_0000000000000000"))).toEqual(["lockdown.started"]);
    expect(await typesOf(eventFilter(grants, reviewer), story("req_unknown"))).toEqual(["lockdown.started"]);
  });

  it("waits for a request that is recorded and not stored yet, and for no other", async () => {
    const { grants, id } = await pending();
    const clock = fakeClock();
    let looks = 0;
    const slow = finding((viewer, request) => ((looks += 1) < 3 ? notFound() : grants.find(viewer, request)));
    const created = {
      ...record("request.created", id),
      time: new Date(clock.wall()).toISOString(),
      detail: { waits_until: "2026-11-24T12:30:00.000Z" },
    };
    let seen: unknown = "nothing yet";
    void eventFilter(slow, reviewer, clock)
      .view(created)
      .then((view) => (seen = view));
    for (let step = 0; step < 3; step += 1) {
      await expect.poll(() => looks).toBe(step + 1);
      clock.advance(200);
    }
    await expect.poll(() => seen).toMatchObject({ type: "request.created", request: id });
    looks = 0;
    expect(await eventFilter(slow, reviewer, clock).view({ ...created, detail: {} })).toBeUndefined();
    clock.advance(60_000);
    looks = 0;
    expect(await eventFilter(slow, reviewer, clock).view(created)).toBeUndefined();
  });

  it("waits for an emergency that the viewer's groups review, and for no other", async () => {
    const { grants, id } = await pending();
    const lead = { ...reviewer, groups: ["support-leads"] };
    const clock = fakeClock();
    let looks = 0;
    const slow = finding((viewer, request) => ((looks += 1) < 3 ? notFound() : grants.find(viewer, request)));
    const emergency = {
      ...record("request.created", id, { connection: "orders-db", operations: ["refund-order"] }),
      time: new Date(clock.wall()).toISOString(),
      detail: { break_glass: true },
    };
    let seen: unknown = "nothing yet";
    void eventFilter(slow, lead, clock)
      .view(emergency)
      .then((view) => (seen = view));
    for (let step = 0; step < 3; step += 1) {
      await expect.poll(() => looks).toBe(step + 1);
      clock.advance(200);
    }
    await expect.poll(() => seen).toMatchObject({ type: "request.created", request: id });
    const { operations: _, ...ofNothing } = emergency;
    for (const [who, each] of [
      [reviewer, emergency],
      [lead, { ...emergency, connection: "billing-api" }],
      [lead, { ...emergency, operations: ["drop-orders"] }],
      [lead, ofNothing],
    ] as const) {
      looks = 0;
      // The clock stands: what waited would never answer.
      expect(await eventFilter(slow, who, clock).view(each)).toBeUndefined();
      expect(looks).toBe(1);
    }
  });

  it("tells a reviewer that a request is decided which they saw while it waited", async () => {
    const { grants, id } = await pending();
    let hidden = false;
    const filter = eventFilter(
      finding((viewer, request) => (hidden ? notFound() : grants.find(viewer, request))),
      reviewer,
    );
    expect(await filter.view(record("request.created", id))).toBeDefined();
    hidden = true;
    expect(await filter.view(record("request.approved", id))).toBeDefined();
    // A reviewer who lost the group sees no more of it.
    filter.become({ ...reviewer, groups: ["others"] });
    expect(await filter.view(record("request.approved", id))).toBeUndefined();
  });

  it("is how one's own request goes for an agent, and nothing of anybody else's", async () => {
    const { grants, id } = await pending();
    expect(await typesOf(eventFilter(grants, agent), story(id))).toEqual([
      "request.created",
      "approval.given",
      "request.approved",
      "grant.activated",
      "session.opened",
      "grant.expired",
      "lockdown.started",
    ]);
    const other = eventFilter(grants, principals["other"] ?? agent);
    expect(await typesOf(other, story(id))).toEqual(["lockdown.started"]);
    const person = eventFilter(grants, testPrincipal("pat@example.test", "person"));
    expect(await typesOf(person, story(id))).toEqual(["lockdown.started"]);
  });

  it("is no review of one's own emergency, which others see who see the request", async () => {
    const { grants, id } = await pending();
    const records = [record("break_glass.activated", id), record("break_glass.reviewed", id)];
    expect(await typesOf(eventFilter(grants, agent), records)).toEqual(["break_glass.activated"]);
    expect(await typesOf(eventFilter(grants, reviewer), records)).toEqual([
      "break_glass.activated",
      "break_glass.reviewed",
    ]);
    const operator = testPrincipal("o", "person", ["operator"]);
    const own = await grants.request(operator, {
      connection: "orders-db",
      operations: ["refund-order"],
      reason: "TICKET-1",
      clientAddress: "10.0.0.9",
    });
    const reviewed = [record("break_glass.reviewed", own.id)];
    expect(await typesOf(eventFilter(grants, operator), reviewed)).toEqual(["break_glass.reviewed"]);
    const requester = { ...operator, roles: ["reviewer"] as const };
    expect(await typesOf(eventFilter(grants, requester), reviewed)).toEqual([]);
  });

  it("gives an agent nothing more when its principal claims a role", async () => {
    const { grants, id } = await pending();
    const other = { ...(principals["other"] ?? agent), roles: ["operator"] as const };
    const filter = eventFilter(finding(notFound), other);
    expect(await typesOf(filter, story(id))).toEqual(["lockdown.started"]);
    expect(grants).toBeDefined();
  });

  it("follows the roles that somebody has now", async () => {
    const { grants, id } = await pending();
    const filter = eventFilter(grants, testPrincipal("o", "person", ["operator"]));
    expect(await filter.view(record("act.intent", id))).toBeDefined();
    filter.become(testPrincipal("o", "person", []));
    expect(filter.wanted("act.intent")).toBe(false);
    expect(await filter.view(record("act.intent", id))).toBeUndefined();
  });

  it("passes on that the store is away: nothing is taken for hidden", async () => {
    const away = new MayflyError("store_unavailable", "away", { status: 503 });
    const filter = eventFilter(
      finding(() => Promise.reject(away)),
      reviewer,
    );
    await expect(filter.view(record("request.created", "req_1"))).rejects.toThrow("away");
  });
});

describe("reading far back", () => {
  const counted = () => {
    const looked: string[] = [];
    const find = async (_viewer: unknown, id: string): Promise<never> => {
      looked.push(id);
      throw new MayflyError("not_found", "there is none", { status: 404 });
    };
    return { looked, grants: finding(find) };
  };
  const principalOf = ({ kind, issuer, subject, name }: typeof agent) => ({ kind, issuer, subject, name });

  it("asks the store nothing about requests that a record says are another's", async () => {
    const { looked, grants } = counted();
    const other = testPrincipal("0oaother", "agent");
    const records = [
      record("request.created", "req_1", { principal: principalOf(other) }),
      record("approval.given", "req_1", { principal: principalOf(reviewer) }),
      record("request.denied", "req_2", { principal: principalOf(other) }),
    ];
    expect(await typesOf(eventFilter(grants, agent), records)).toEqual([]);
    expect(looked).toEqual([]);
    // Whoever may see another's has to be looked up, and so has what looks like one's own.
    await typesOf(eventFilter(grants, reviewer), records);
    await typesOf(eventFilter(grants, agent), [
      record("request.created", "req_3", { principal: principalOf(agent) }),
      record("approval.given", "req_4", { principal: principalOf(reviewer) }),
    ]);
    expect(looked).toEqual(["req_1", "req_2", "req_3", "req_4"]);
  });

  it("lets others have their turn between one look and the next", async () => {
    const { looked, grants } = counted();
    const filter = eventFilter(grants, reviewer);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    for (let i = 0; i < 100; i += 1) await filter.view(record("request.created", `req_${i}`));
    isOver = true;
    expect(looked).toHaveLength(100);
    expect(turns).toBeGreaterThanOrEqual(100);
  });
});
