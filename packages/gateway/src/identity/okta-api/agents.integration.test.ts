// tier: full
import { afterEach, describe, expect, test } from "vitest";
import type { Signal } from "../signals/signal.ts";
import { oktaAgents } from "./agents.ts";
import type { OktaAgents } from "./agents.ts";
import { settingsOf, startOrg, until } from "./testing/org.ts";
import type { TestOrg } from "./testing/org.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const issuer = "https://example.okta.com/oauth2/aus1";

interface Scene extends TestOrg {
  readonly agents: OktaAgents;
  readonly changed: string[];
  readonly ended: Signal[];
  readonly proven: [string, number][];
  readonly failed: string[];
  /** How often the app or agent itself was asked for. */
  asked(client: string): number;
}

async function scene(
  more: Parameters<typeof startOrg>[0] = {},
  maxAge = 300_000,
  reverify?: number,
): Promise<Scene> {
  const org = await startOrg(more);
  const [changed, ended, failed]: [string[], Signal[], string[]] = [[], [], []];
  const proven: [string, number][] = [];
  const settings = settingsOf({ maxAge, groups: { assigned: true } });
  const agents = oktaAgents({
    issuer,
    okta: org.client(),
    settings,
    clock: org.clock,
    ...(reverify === undefined ? {} : { reverify }),
    news: {
      changed: (client) => changed.push(client),
      ended: (signal) => ended.push(signal),
      proven: (client, at) => proven.push([client, at]),
      failed: (_, failure) => failed.push(failure.message),
    },
  });
  open.push(
    () => agents.close(),
    () => org.okta.close(),
  );
  const asked = (client: string): number => org.calls.filter((path) => path.endsWith(`/${client}`)).length;
  return { ...org, agents, changed, ended, proven, failed, asked };
}

const groupsOf = async (agents: OktaAgents, client: string): Promise<readonly string[] | string> => {
  const known = await agents.ask(client);
  return known.isKnown ? known.facts.groups : known.why;
};

describe("what is remembered", () => {
  test("an answer is used until it is too old; many at once ask once", async () => {
    const { agents, asked, clock, proven } = await scene();
    expect(agents.known("0oaBot")).toMatchObject({ isKnown: false, why: /has not said yet/ });
    const all = await Promise.all(Array.from({ length: 50 }, () => groupsOf(agents, "0oaBot")));
    expect(new Set(all.map(String))).toEqual(new Set(["night-agents,support-agents"]));
    // As an AI agent, and as an app.
    expect(asked("0oaBot")).toBe(2);
    expect(proven).toEqual([["0oaBot", 0]]);
    clock.advance(300_000);
    await groupsOf(agents, "0oaBot");
    expect(asked("0oaBot")).toBe(2);
    clock.advance(1);
    expect(agents.known("0oaBot").isKnown).toBe(false);
    await groupsOf(agents, "0oaBot");
    expect(asked("0oaBot")).toBe(3);
  });

  test("a wall clock that jumps ahead makes it too old, and one that steps back does not make it younger", async () => {
    const { agents, clock } = await scene();
    await agents.ask("0oaBot");
    clock.stepWall(300_001);
    expect(agents.known("0oaBot").isKnown).toBe(false);
    await agents.ask("0oaBot");
    clock.stepWall(-3_600_000);
    clock.advance(300_001);
    expect(agents.known("0oaBot").isKnown).toBe(false);
  });

  test("past that age nothing is known while Okta is away, in words; and it is once Okta answers again", async () => {
    const { agents, okta, clock, failed } = await scene({}, 60_000);
    await agents.ask("0oaBot");
    const since = new Date(clock.wall()).toISOString();
    okta.api.fail("server_error");
    clock.advance(40_000);
    expect(await groupsOf(agents, "0oaBot")).toEqual(["night-agents", "support-agents"]);
    clock.advance(40_000);
    const why = await groupsOf(agents, "0oaBot");
    expect(why).toContain(
      `Okta could not be asked about this agent since ${since}, and an answer is good for 1m`,
    );
    expect(why).toContain("answered 500");
    expect(failed).toHaveLength(1);
    expect(agents.trouble).toMatchObject({ kind: "away" });
    okta.api.fail(undefined);
    clock.advance(60_000);
    expect(await groupsOf(agents, "0oaBot")).toEqual(["night-agents", "support-agents"]);
    expect(agents.trouble).toBeUndefined();
  });

  test("while Okta fails it is asked less and less often, however many ask", async () => {
    const { agents, okta, calls, clock } = await scene();
    okta.api.fail("server_error");
    for (let second = 0; second < 60; second++) {
      await Promise.all([agents.ask("0oaBot"), agents.ask("0oaBot")]);
      clock.advance(1000);
    }
    // After 0, 1, 3, 7, 15, 31 seconds.
    expect(calls.filter((path) => path !== "/oauth2/v1/token")).toHaveLength(6);
  });

  test("nobody waits longer than the bound for Okta", async () => {
    const { agents, okta, clock, calls } = await scene();
    okta.api.fail("never");
    const answer = groupsOf(agents, "0oaBot");
    await until(() => calls.includes("/workload-principals/api/v1/ai-agents/0oaBot"));
    clock.advance(8000);
    expect(await answer).toContain("has not said yet");
  });

  test("a rate limit is waited out", async () => {
    const { agents, okta, clock, calls } = await scene({ rateWindow: 1 });
    await agents.ask("wlpBot");
    okta.api.setRateLimit(0);
    void agents.forget({ kind: "client", client: "wlpBot" });
    expect(await groupsOf(agents, "wlpBot")).toContain("rate limit");
    const before = calls.length;
    expect(await groupsOf(agents, "wlpBot")).toContain("rate limit");
    expect(calls).toHaveLength(before);
    okta.api.setRateLimit(600);
    // The limit ends by the time of day, of which this clock, which stands still, does not know how much has passed.
    const askedLater = (): Promise<unknown> => {
      clock.advance(5000);
      return groupsOf(agents, "wlpBot");
    };
    await expect.poll(askedLater).toEqual(["bots"]);
  });
});

describe("signals", () => {
  test.each([[{ kind: "client", client: "0oaBot" }], [{ kind: "group", id: "00gAny" }]] as const)(
    "%j: what was remembered is not used again",
    async (subject) => {
      const { agents, okta } = await scene();
      await agents.ask("0oaBot");
      okta.lifecycle.setAppGroups("0oaBot", ["other"]);
      expect(await groupsOf(agents, "0oaBot")).toEqual(["night-agents", "support-agents"]);
      void agents.forget(subject);
      expect(agents.known("0oaBot").isKnown).toBe(false);
      expect(await groupsOf(agents, "0oaBot")).toEqual(["other"]);
    },
  );

  test("the linked app of an AI agent and an owner mean the agent; others do not", async () => {
    const { agents } = await scene();
    const known = await agents.ask("wlpBot");
    const app = known.isKnown ? (known.facts.app ?? "") : "";
    for (const subject of [
      { kind: "client", client: "0oaOther" } as const,
      { kind: "user", uid: "00uOtto" } as const,
    ]) {
      void agents.forget(subject);
      expect(agents.known("wlpBot").isKnown).toBe(true);
    }
    void agents.forget({ kind: "client", client: app });
    expect(agents.known("wlpBot").isKnown).toBe(false);
    await agents.ask("wlpBot");
    void agents.forget({ kind: "user", uid: "00uRosa" });
    expect(agents.known("wlpBot").isKnown).toBe(false);
  });

  test("an answer that was on its way when the signal came is asked for once more", async () => {
    const { agents, okta, asked, calls } = await scene();
    await agents.ask("0oaBot");
    void agents.forget({ kind: "client", client: "0oaBot" });
    okta.api.fail({ slow: 100 }, "/api/v1/apps");
    const before = calls.length;
    const answer = groupsOf(agents, "0oaBot");
    await until(() => calls.length > before);
    void agents.forget({ kind: "client", client: "0oaBot" });
    expect(await answer).toEqual(["night-agents", "support-agents"]);
    expect(asked("0oaBot")).toBe(4);
  });
});

describe("while an agent holds something", () => {
  test("it is asked for well within the bound, and what changed is told", async () => {
    const { agents, okta, clock, changed, asked, proven } = await scene({}, 300_000, 60_000);
    const end = agents.watch("0oaBot");
    clock.advance(0);
    await until(() => changed.length === 1);
    const first = asked("0oaBot");
    clock.advance(20_000);
    await until(() => asked("0oaBot") > first && proven.length === 2);
    expect(changed).toHaveLength(1);
    okta.lifecycle.setAppGroups("0oaBot", ["night-agents"]);
    clock.advance(20_000);
    await until(() => changed.length === 2);
    expect(agents.known("0oaBot")).toMatchObject({ isKnown: true, facts: { groups: ["night-agents"] } });
    end();
    const last = asked("0oaBot");
    clock.advance(200_000);
    await agents.ask("0oaBot");
    expect(asked("0oaBot")).toBe(last);
  });

  test.each([
    ["a service app", "0oaBot", "inactive"],
    ["a registered agent", "wlpBot", "inactive"],
  ])("%s that is deactivated ends, once", async (_, client, state) => {
    const { agents, okta, clock, ended, changed, asked } = await scene({}, 30_000);
    agents.watch(client);
    clock.advance(0);
    await until(() => changed.length === 1);
    okta.deactivate(client);
    clock.advance(10_000);
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({
      channel: "okta_api",
      event: `agent.state.${state}`,
      subject: { kind: "client", client },
      effect: "end",
      issuers: [issuer],
      at: clock.wall(),
    });
    const before = asked(client);
    clock.advance(10_000);
    await until(() => asked(client) > before);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toHaveLength(1);
  });

  test("a signal has it asked for at once", async () => {
    const { agents, okta, clock, changed, ended } = await scene();
    agents.watch("wlpBot");
    clock.advance(0);
    await until(() => changed.length === 1);
    okta.agents.setStatus("wlpBot", "INACTIVE");
    void agents.forget({ kind: "client", client: "wlpBot" });
    clock.advance(0);
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ subject: { kind: "client", client: "wlpBot" } });
  });

  test("one whose groups were never known and that is not active ends", async () => {
    const { agents, clock, ended } = await scene();
    agents.watch("wlpStaged");
    clock.advance(0);
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ event: "agent.state.staged" });
  });

  test("Okta's trouble ends nothing by itself and proves nothing", async () => {
    const { agents, okta, clock, changed, ended, proven, failed } = await scene({}, 30_000);
    agents.watch("0oaBot");
    clock.advance(0);
    await until(() => changed.length === 1);
    okta.api.fail("garbage");
    clock.advance(10_000);
    await until(() => failed.length === 1);
    expect([changed.length, ended.length, proven.length]).toEqual([1, 0, 1]);
    okta.api.fail(undefined);
    clock.advance(1000);
    await until(() => proven.length === 2);
  });
});
