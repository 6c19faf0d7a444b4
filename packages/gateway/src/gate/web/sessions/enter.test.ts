import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { verifierOf } from "../../../grants/lifecycle/secret-verifier.ts";
import { newId, newSecret } from "../../../kernel/ids.ts";
import type { Entry, Gate, SessionRefused, WebSession } from "../../gate.ts";
import { agent, client, makeWorld, wordProtocol, type World } from "../../testing/fakes.ts";

let world: World;
let socket: EventEmitter;

beforeEach(() => {
  world = makeWorld();
  socket = new EventEmitter();
});

const enter = (change: Partial<Entry> = {}): Promise<WebSession<string, string> | SessionRefused> =>
  world.gate.enter({ bearer: "good:0oabot", connection: "db", client, socket, ...change });

async function entered(change: Partial<Entry> = {}): Promise<WebSession<string, string>> {
  const session = await enter(change);
  if (session.kind === "refused") throw new Error(session.denial.message);
  return session;
}

async function refused(change: Partial<Entry> = {}): Promise<SessionRefused["code"] | "entered"> {
  const answer = await enter(change);
  return answer.kind === "refused" ? answer.code : "entered";
}

const types = (): string[] => world.log.written.map(({ type }) => type);

describe("entering the gate over HTTP", () => {
  it("opens one session for a client connection and shares it", async () => {
    world.activate("gr_1", 60_000);
    const [one, two] = await Promise.all([entered(), entered()]);
    expect(one).toBe(two);
    expect((await entered({ socket: new EventEmitter() })).id).not.toBe(one.id);
    expect(types()).toEqual(["session.opened", "session.opened"]);
  });

  it("judges many acts side by side, and lets each leave when the turn is written", async () => {
    world.activate("gr_1", 60_000);
    const session = await entered();
    const before = world.log.flushes;
    const decisions = await Promise.all(
      ["ok", "ok", "no"].map((act) => session.judge(act, `{"a":"${act}"}`)),
    );
    expect(decisions.map((each) => each.kind === "permit")).toEqual([true, true, false]);
    expect(world.log.flushes - before).toBe(1);
  });

  it("refuses every act of a turn that could not be written", async () => {
    world.activate("gr_1", 60_000);
    const session = await entered();
    world.log.broken = { why: "disk full", late: true };
    const decisions = await Promise.all([session.judge("ok", "{}"), session.judge("ok", "{}")]);
    for (const each of decisions) expect(each.kind === "deny" && each.denial.rule).toBe("audit log");
  });

  it("ends with the client's connection, and with the grant", async () => {
    world.activate("gr_1", 60_000);
    const session = await entered();
    socket.emit("close");
    expect(session.ended.aborted).toBe(true);
    const other = await entered({ socket: new EventEmitter() });
    world.end("gr_1", { state: "revoked", words: "revoked by olga" });
    expect(other.ended.reason).toEqual({ cause: "revoked", words: "revoked by olga" });
    await expect
      .poll(types)
      .toEqual(["session.opened", "session.closed", "session.opened", "session.closed"]);
    expect(await refused()).toBe("no_grant");
    const late = await other.judge("ok", "{}");
    expect(late.kind === "deny" && late.denial.rule).toBe("deadline");
  });

  it("verifies the bearer of every request, also while a session is open", async () => {
    world.activate("gr_1", 60_000);
    await entered();
    expect(await refused({ bearer: "bad" })).toBe("unauthenticated");
    expect(await refused({ bearer: "good:0oaother" })).toBe("no_grant");
    world.state.locked = true;
    expect(await refused()).toBe("locked_down");
  });

  it("takes a grant's secret, for that grant and its connection alone", async () => {
    const [grant, secret] = [newId("gr"), newSecret()];
    world.activate(grant, 60_000);
    world.state.verifier = await verifierOf(secret);
    const bearer = `${grant}.${secret}`;
    expect((await entered({ bearer })).grant).toBe(grant);
    expect((await entered({ bearer })).grant).toBe(grant);
    expect(await refused({ bearer: `${grant}.${newSecret()}` })).toBe("no_grant");
    expect(await refused({ bearer: `${newId("gr")}.${secret}` })).toBe("no_grant");
    expect(await refused({ bearer, connection: "other" })).toBe("no_grant");
    world.end(grant, { state: "expired", words: "over" });
    // The secret is remembered as genuine, and worth nothing without its grant.
    expect(await refused({ bearer })).toBe("no_grant");
  });

  it("chooses among a principal's grants: the named one, else one that covers the act, else the newest", async () => {
    world.activate("gr_1", 60_000);
    world.activate("gr_2", 60_000);
    world.activate("gr_other", 60_000, { ...agent, subject: "0oaother" });
    expect((await entered()).grant).toBe("gr_2");
    expect((await entered({ grant: "gr_1" })).grant).toBe("gr_1");
    let looks = 0;
    const second = (): boolean => (looks += 1) === 2;
    expect((await entered({ covers: second })).grant).toBe("gr_1");
    expect((await entered({ covers: () => false })).grant).toBe("gr_2");
    expect(await refused({ grant: "gr_other" })).toBe("no_grant");
  });

  it("opens nothing for a client that has gone meanwhile", async () => {
    world.activate("gr_1", 60_000);
    const gone = Object.assign(new EventEmitter(), { destroyed: true });
    const session = await entered({ socket: gone });
    expect(session.ended.aborted).toBe(true);
  });
});

describe("a budget", () => {
  const budgetedGate = (): Gate<string, string> =>
    world.gates.forProtocol<unknown, string, string>({
      ...wordProtocol,
      compile: () => () => ({ kind: "permit", operation: "db/read", cover: "x", budget: 2 }),
    });

  it("is the grant's, whatever the number of its sessions", async () => {
    world.activate("gr_1", 60_000);
    const gate = budgetedGate();
    const ask = { bearer: "good:0oabot", connection: "db", client };
    const outcomes: boolean[] = [];
    for (let i = 0; i < 3; i += 1) {
      const session = await gate.enter({ ...ask, socket: new EventEmitter() });
      if (session.kind === "refused") throw new Error("refused");
      outcomes.push((await session.judge("x", "{}")).kind === "permit");
    }
    expect(outcomes).toEqual([true, true, false]);
  });

  it("keeps no act waiting for the store past the session's end, and lets none through then", async () => {
    world.activate("gr_1", 60_000);
    world.budgets.take = () => new Promise(() => undefined);
    const session = await budgetedGate().enter({ bearer: "good:0oabot", connection: "db", client, socket });
    if (session.kind === "refused") throw new Error("refused");
    const before = types();
    const waiting = [session.judge("x", "{}"), session.judge("x", "{}")];
    expect(types()).toEqual(before);
    world.end("gr_1", { state: "revoked", words: "revoked by olga" });
    for (const decision of await Promise.all(waiting))
      expect(decision.kind === "deny" && decision.denial.rule).toBe("deadline");
    expect(types()).not.toContain("act.intent");
  });

  it("denies an act that cannot wait, and permits it once the store has answered", async () => {
    world.activate("gr_1", 60_000);
    const session = await budgetedGate().open(
      { kind: "token", token: "good:0oabot", grant: "gr_1" },
      "db",
      client,
    );
    if (session.kind === "refused") throw new Error("refused");
    session.attach({ leave: () => undefined, refuse: () => undefined });
    const first = session.judge("x", "{}");
    expect(first.kind === "deny" && first.denial.remedy).toBe("retry");
    await expect.poll(() => session.judge("x", "{}").kind).toBe("permit");
  });
});
