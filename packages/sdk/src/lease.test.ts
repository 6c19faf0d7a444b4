// tier: full
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeApi, type Fakes, startFakeApi } from "@mayfly/testing/fake-api.ts";
import { createMayfly, holdLease, type Mayfly, MayflyError } from "./index.ts";

let all: Fakes;
let api: FakeApi;
let agent: Mayfly;
const read = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" };

beforeEach(async () => {
  api = await startFakeApi();
  ({ all } = api);
  agent = createMayfly({ url: api.url, token: "token-agent" });
});
afterEach(() => api.close());

const renewals = (): number => [...all.grants.renewals.values()].reduce((sum, each) => sum + each, 0);
const lost = (signal: AbortSignal): Promise<MayflyError> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(signal.reason as MayflyError), { once: true });
  });
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("withGrant", () => {
  it("asks for a lease and renews it for as long as the work runs, and no longer", async () => {
    await agent.withGrant({ ...read, lease: "2s" }, async ({ grant, signal }) => {
      expect(grant.lease_seconds).toBe(2);
      while (renewals() < 4) await later(50);
      expect(signal.aborted).toBe(false);
    });
    const done = renewals();
    await later(1500);
    expect(renewals()).toBe(done);
    expect([...all.grants.store.grants.values()].map(({ state }) => state)).toEqual(["released"]);
  });

  it("asks for one unless told not to", async () => {
    await agent.withGrant(read, ({ grant }) => expect(grant.lease_seconds).toBe(4));
    await agent.withGrant({ ...read, lease: false }, ({ grant }) => {
      expect(grant.lease_seconds).toBeUndefined();
    });
  });

  it("asks for a command in a sandbox, and collects the secret for one, where it is told to", async () => {
    const collected: unknown[] = [];
    const { collectSecret } = all.grants;
    all.grants.collectSecret = (...asked) => {
      collected.push(asked[3]);
      return collectSecret(...asked);
    };
    await agent.withGrant({ ...read, sandbox: true }, ({ grant }) => expect(grant.sandbox).toBe(true));
    await agent.withGrant(read, ({ grant }) => expect(grant.sandbox).toBeUndefined());
    expect(collected).toEqual([true, undefined]);
  });

  it("aborts the work when the grant was ended, and says how", async () => {
    const why = await agent.withGrant({ ...read, lease: "2s" }, async (access) => {
      await all.grants.revoke({ name: "olga" } as never, access.grant.id, "suspicious");
      const reason = await lost(access.lost);
      expect(access.signal.aborted).toBe(true);
      return reason;
    });
    expect(why).toMatchObject({ code: "grant_ended", status: 409 });
    expect(why.message).toContain("suspicious");
  });

  it("aborts the work when nobody answers for the lease's time", async () => {
    const why = await agent.withGrant({ ...read, lease: "2s" }, async (access) => {
      await api.close();
      return lost(access.lost);
    });
    expect(why).toMatchObject({ code: "lease_lost" });
    expect(why.message).toContain("cannot reach");
  });
});

describe("holdLease", () => {
  const grant = { id: "gr_1", lease_seconds: 2, ends_at: new Date(Date.now() + 600_000).toISOString() };

  it("outlives answers that fail, as long as one comes in time", async () => {
    let calls = 0;
    const enough = Promise.withResolvers<void>();
    const held = holdLease(
      {
        renewLease: async () => {
          calls += 1;
          if (calls === 8) enough.resolve();
          if (calls % 2 === 1) throw new MayflyError("unreachable", "cannot reach it");
          return { seconds_left: 2 };
        },
      },
      grant,
    );
    await enough.promise;
    expect(held.lost.aborted).toBe(false);
    held.letGo();
  });

  it("does nothing for a grant without a lease", async () => {
    const { id, ends_at } = grant;
    const held = holdLease({ renewLease: () => Promise.reject(new Error("called")) }, { id, ends_at });
    await later(50);
    expect(held.lost.aborted).toBe(false);
  });

  it("keeps no process alive", () => {
    const script = `
      import { holdLease } from ${JSON.stringify(new URL("lease.ts", import.meta.url).href)};
      holdLease({ renewLease: async () => ({ seconds_left: 60 }) }, {
        id: "gr_1", lease_seconds: 60, ends_at: new Date(Date.now() + 600_000).toISOString(),
      });`;
    const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 15_000,
    });
    expect([ran.status, ran.signal, ran.stderr]).toEqual([0, null, ""]);
  });
});
