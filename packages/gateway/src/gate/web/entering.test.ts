import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { verifierOf } from "../../grants/secret-verifier.ts";
import { newId, newSecret } from "../../kernel/ids.ts";
import type { Entry, Refusal, WebSession } from "../gate.ts";
import { agent, client, makeWorld, wordProtocol, type World } from "../testing/fakes.ts";

let world: World;
let socket: EventEmitter;

beforeEach(() => {
  world = makeWorld();
  socket = new EventEmitter();
});

const enter = (change: Partial<Entry> = {}): Promise<WebSession<string> | Refusal> =>
  world.gate.enter({ bearer: "good:0oabot", connection: "db", client, socket, ...change });

async function entered(change: Partial<Entry> = {}): Promise<WebSession<string>> {
  const session = await enter(change);
  if ("refused" in session) throw new Error(session.refused.message);
  return session;
}

async function refused(change: Partial<Entry> = {}): Promise<Refusal["code"] | "entered"> {
  const answer = await enter(change);
  return "refused" in answer ? answer.code : "entered";
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
    expect(decisions.map((each) => "permit" in each)).toEqual([true, true, false]);
    expect(world.log.flushes - before).toBe(1);
  });

  it("refuses every act of a turn that could not be written", async () => {
    world.activate("gr_1", 60_000);
    const session = await entered();
    world.log.broken = { why: "disk full", late: true };
    const decisions = await Promise.all([session.judge("ok", "{}"), session.judge("ok", "{}")]);
    for (const each of decisions) expect("denial" in each && each.denial.rule).toBe("audit log");
  });

  it("ends with the client's connection, and with the grant", async () => {
    world.activate("gr_1", 60_000);
    const session = await entered();
    socket.emit("close");
    expect(session.ended.aborted).toBe(true);
    const other = await entered({ socket: new EventEmitter() });
    world.end("gr_1", { state: "revoked", reason: "revoked by olga" });
    expect(other.ended.reason).toEqual({ state: "revoked", reason: "revoked by olga" });
    await expect
      .poll(types)
      .toEqual(["session.opened", "session.closed", "session.opened", "session.closed"]);
    expect(await refused()).toBe("no_grant");
    const late = await other.judge("ok", "{}");
    expect("denial" in late && late.denial.rule).toBe("deadline");
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
    world.end(grant, { state: "expired", reason: "over" });
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
  it("is the grant's, whatever the number of its sessions", async () => {
    world.activate("gr_1", 60_000);
    const verdict = { verdict: "permit", operation: "db/read", budget: 2 } as const;
    const gate = world.gates.forProtocol<unknown, string>({
      ...wordProtocol,
      compile: () => () => verdict,
    });
    const ask = { bearer: "good:0oabot", connection: "db", client };
    const outcomes: boolean[] = [];
    for (let i = 0; i < 3; i += 1) {
      const session = await gate.enter({ ...ask, socket: new EventEmitter() });
      if ("refused" in session) throw new Error("refused");
      outcomes.push("permit" in (await session.judge("x", "{}")));
    }
    expect(outcomes).toEqual([true, true, false]);
  });
});
