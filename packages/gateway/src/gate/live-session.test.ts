import { describe, expect, test, vi } from "vitest";
import { client, makeWorld, wordProtocol, type World } from "./testing/fakes.ts";
import type { Decision, Session } from "./gate.ts";
import type { Permit } from "./permit.ts";

const turnOver = (): Promise<void> =>
  new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));

async function opened(world: World, software?: string): Promise<Session<string, string>> {
  world.activate("gr_1", 600_000);
  const session = await world.gate.open({ kind: "token", token: "good:0oabot", grant: "gr_1" }, "db", {
    ...client,
    ...(software === undefined ? {} : { software }),
  });
  if (session.kind === "refused") throw new Error(session.denial.message);
  session.attach({ leave: () => undefined, refuse: () => undefined });
  return session;
}

function permitOf(decision: Decision<string>): Permit<string> {
  if (decision.kind !== "permit") throw new Error(decision.denial.message);
  return decision.permit;
}

describe("what live sessions do", () => {
  test("a session says who, since when and nothing more before its first act", async () => {
    const world = makeWorld();
    const session = await opened(world, "psql".repeat(100));
    expect(world.gates.look()).toEqual([
      {
        id: session.id,
        grant: "gr_1",
        protocol: "words",
        address: "127.0.0.1",
        software: "psql".repeat(50),
        openedAt: world.clock.wall(),
        acts: 0,
        denied: 0,
      },
    ]);
    session.close({ cause: "client_gone", words: "the client left" });
    expect(world.gates.look()).toEqual([]);
  });

  test("an act runs from its permit to its outcome; then the session is idle after it", async () => {
    const world = makeWorld();
    const session = await opened(world);
    world.clock.advance(1000);
    const began = world.clock.wall();
    const permit = permitOf(session.judge("ok", '{"kind":"word"}'));
    world.clock.advance(5000);
    expect(world.gates.look()[0]).toMatchObject({
      acts: 1,
      now: { text: "the word ok", since: began, state: "running" },
    });
    session.complete(permit, { rows: 1 });
    expect(world.gates.look()[0]?.now).toEqual({
      text: "the word ok",
      since: world.clock.wall(),
      state: "idle",
    });
    await turnOver();
  });

  test("of acts sent at once the newest counts: it runs until its own outcome", async () => {
    const world = makeWorld();
    const session = await opened(world);
    const [first, second] = [
      permitOf(session.judge("ok", '{"n":1}')),
      permitOf(session.judge("ok", '{"n":2}')),
    ];
    session.complete(first, {});
    expect(world.gates.look()[0]?.now?.state).toBe("running");
    session.complete(second, {});
    expect(world.gates.look()[0]?.now?.state).toBe("idle");
    await turnOver();
  });

  test("what was refused is counted and never shown as done", async () => {
    const world = makeWorld();
    const session = await opened(world);
    session.judge("forbidden", '{"kind":"word"}');
    expect(world.gates.look()[0]).toMatchObject({ acts: 0, denied: 1 });
    expect(world.gates.look()[0]).not.toHaveProperty("now");
    await turnOver();
  });

  test("an act that the log could not take did not happen", async () => {
    const world = makeWorld();
    const session = await opened(world);
    world.log.broken = { why: "the disk is full", late: true };
    permitOf(session.judge("ok", '{"kind":"word"}'));
    await turnOver();
    expect(world.gates.look()[0]).not.toHaveProperty("now");
  });

  test("a long text is shortened, and only when somebody looks is an act put into words", async () => {
    const world = makeWorld();
    const session = await opened(world);
    const words = vi.spyOn(wordProtocol as { words(act: string): string }, "words");
    session.judge(`ok ${"x".repeat(1_000_000)}`, '{"kind":"word"}');
    expect(words).not.toHaveBeenCalled();
    const text = world.gates.look()[0]?.now?.text ?? "";
    expect(text).toMatch(/^the word ok x+ … \(1000012 characters\)$/);
    expect(text.length).toBeLessThan(2100);
    await turnOver();
  });
});
