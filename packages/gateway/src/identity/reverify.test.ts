import { afterEach, describe, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../kernel/secret.ts";
import { createIdentity, type IdentityOptions } from "./create-identity.ts";
import type { Identity } from "./identity.ts";
import { createProofs } from "./proofs/proofs.ts";
import { createShownTokens } from "./watches.ts";
import { FakeProvider } from "./testing/fake-provider.ts";

const path = "/v1/introspect";
const open: Identity[] = [];
afterEach(() => {
  for (const identity of open.splice(0)) identity.close();
});

function scene({
  introspects = false,
  reverify = 60_000,
  more = {},
}: { introspects?: boolean; reverify?: number; more?: Partial<IdentityOptions> } = {}) {
  const clock = fakeClock();
  const provider = new FakeProvider();
  const proofs = createProofs(clock);
  const introspection = { clientId: "gateway", clientSecret: new Secret("s"), every: 3_600_000 };
  const make = (within: number | undefined = reverify): Identity => {
    const identity = createIdentity({
      providers: [
        provider.settings({
          outage: 86_400_000,
          ...(within === 0 ? {} : { reverify: within }),
          ...(introspects ? { introspection } : {}),
        }),
      ],
      peopleClients: ["0oacli"],
      roles: { reviewer: [], operator: [], auditor: [] },
      clock,
      fetch: provider.fetch,
      proofs,
      ...more,
    });
    open.push(identity);
    return identity;
  };
  /** Moves on a second at a time, so that what is asked over the network is answered on the way. */
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1000) {
      clock.advance(Math.min(left, 1000));
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    }
  };
  let made = 0;
  const token = (claims = {}) => {
    made += 1;
    return provider.token(clock.wall(), { jti: `AT.${made}`, ...claims });
  };
  const told: string[] = [];
  const listener = (reason: string, kind: string): void => void told.push(`${kind}: ${reason}`);
  return { clock, provider, proofs, make, identity: make(), advance, token, told, listener };
}

describe("with nothing but the token", () => {
  test("one that was issued longer ago is refused with words and a hint; a fresh one is taken", async () => {
    const { identity, advance, token } = scene();
    const old = token();
    await identity.verify(old);
    await advance(60_000);
    await identity.verify(old);
    await advance(1000);
    await expect(identity.verify(old)).rejects.toMatchObject({
      code: "token_stale",
      status: 401,
      message: "the last proof that 0oabot is still good is 1m 1s old, and a proof counts for 1m (reverify)",
      hint: expect.stringContaining("get a fresh access token"),
    });
    await identity.verify(token());
    // The agent is proven, not one token of it.
    await identity.verify(old);
  });

  test("a token that lies about nothing but its age on a clock stepped back stays refused", async () => {
    const { identity, clock, advance, token } = scene();
    const old = token();
    await identity.verify(old);
    await advance(61_000);
    clock.stepWall(-61_000);
    await expect(identity.verify(old)).rejects.toMatchObject({ code: "token_stale" });
  });

  test("a live session's watch ends with the proof, and a fresh token that is shown anywhere keeps it", async () => {
    const { identity, advance, token, told, listener } = scene();
    const { principal } = await identity.verify(token());
    identity.watch(principal, listener);
    await advance(50_000);
    await identity.verify(token());
    await advance(60_000);
    expect(told).toEqual([]);
    await advance(1000);
    expect(told).toEqual([
      "unproven: the last proof that 0oabot is still good is 1m old, and a proof counts for 1m (reverify)",
    ]);
    expect(await identity.prove(principal)).toContain("1m 1s old");
    await identity.verify(token());
    expect(await identity.prove(principal)).toBeUndefined();
  });

  test("a person's token lives as long as it says", async () => {
    const { identity, advance, token } = scene();
    const person = token({ cid: "0oacli", uid: "00urosa", sub: "rosa@example.com" });
    await identity.verify(person);
    await advance(600_000);
    await expect(identity.verify(person)).resolves.toMatchObject({ principal: { kind: "person" } });
  });

  test("left out, nobody asks for proofs", async () => {
    const { make, advance, token, told, listener } = scene();
    const identity = make(0);
    const { principal } = await identity.verify(token());
    identity.watch(principal, listener);
    await advance(3_000_000);
    expect(told).toEqual([]);
    expect(await identity.prove(principal)).toBeUndefined();
  });
});

describe("with introspection", () => {
  test("the newest token is looked at often enough while something is held, however long `every` is", async () => {
    const { provider, identity, advance, token, told, listener } = scene({ introspects: true });
    const { principal } = await identity.verify(token());
    const end = identity.watch(principal, listener);
    await advance(600_000);
    expect(told).toEqual([]);
    const looks = provider.count(path);
    expect(looks).toBeGreaterThanOrEqual(600 / 20 - 1);
    end();
    await advance(600_000);
    expect(provider.count(path)).toBe(looks);
  });

  test("a look that goes unanswered ends nothing; none answered within the time ends what is used, not what is held", async () => {
    const { provider, identity, advance, token, told, listener } = scene({ introspects: true });
    const { principal } = await identity.verify(token());
    identity.watch(principal, listener);
    await advance(20_000);
    provider.answers.set(path, { status: 500, body: "" });
    await advance(20_000);
    provider.answers.delete(path);
    await advance(20_000);
    expect(told).toEqual([]);
    provider.answers.set(path, { status: 500, body: "" });
    await advance(61_000);
    expect(told).toEqual([expect.stringMatching(/^unproven: /)]);
    expect(await identity.prove(principal)).toContain("old");
    provider.answers.delete(path);
    expect(await identity.prove(principal)).toBeUndefined();
  });

  test("a secret's holder is asked about by the token they showed last, before a session is opened", async () => {
    const { provider, identity, advance, token } = scene({ introspects: true });
    const shown = token();
    const { principal } = await identity.verify(shown);
    await advance(120_000);
    expect(await identity.prove(principal)).toBeUndefined();
    expect(provider.count(path)).toBe(1);
    expect(await identity.prove(principal)).toBeUndefined();
    expect(provider.count(path)).toBe(1);
    await advance(120_000);
    provider.revoked.add(shown);
    expect(await identity.prove(principal)).toContain("2m old");
    await expect(identity.verify(shown)).rejects.toMatchObject({ code: "token_inactive" });
  });

  test("a token that has expired is not asked about: that it is inactive says nothing of its agent", async () => {
    const { provider, identity, clock, advance, token, told, listener } = scene({ introspects: true });
    const { principal } = await identity.verify(token({ exp: Math.floor(clock.wall() / 1000) + 65 }));
    await advance(100_000);
    identity.watch(principal, listener);
    expect(await identity.prove(principal)).toContain("old");
    expect(provider.count(path)).toBe(0);
    expect(told.filter((one) => one.startsWith("withdrawn"))).toEqual([]);
  });

  test("an old token is asked about at the door, and an answer proves it", async () => {
    const { provider, identity, advance, token } = scene({ introspects: true });
    const shown = token();
    await advance(300_000);
    await identity.verify(shown);
    expect(provider.count(path)).toBe(1);
    provider.answers.set(path, { status: 500, body: "" });
    await advance(300_000);
    await expect(identity.verify(shown)).rejects.toMatchObject({ code: "introspection_unavailable" });
  });
});

describe("with another channel", () => {
  test("it is asked before anything is refused; one that fails, or says nothing, proves nothing", async () => {
    const asked: string[] = [];
    let answers: "active" | "nothing" | "an error" = "active";
    const world = scene({
      more: {
        askAgain: ({ issuer, client }) => {
          asked.push(client);
          if (answers === "an error") return Promise.reject(new Error("away"));
          if (answers === "active") world.proofs.seen({ issuers: [issuer], client }, world.clock.monotonic());
          return Promise.resolve();
        },
      },
    });
    const { identity, advance, token } = world;
    const shown = token();
    await identity.verify(shown);
    expect(asked).toEqual([]);
    await advance(61_000);
    await identity.verify(shown);
    expect(asked).toEqual(["0oabot"]);
    for (const next of ["nothing", "an error"] as const) {
      answers = next;
      await advance(61_000);
      await expect(identity.verify(shown)).rejects.toMatchObject({ code: "token_stale" });
    }
  });

  test("what it says between keeps a session, and its silence ends it", async () => {
    const { clock, provider, proofs, identity, advance, token, told, listener } = scene();
    const { principal } = await identity.verify(token());
    identity.watch(principal, listener);
    for (let poll = 0; poll < 10; poll++) {
      await advance(30_000);
      const since = clock.monotonic() - 30_000;
      proofs.seen({ issuers: [provider.issuer], since }, clock.monotonic());
    }
    expect(told).toEqual([]);
    await advance(61_000);
    expect(told).toHaveLength(1);
  });
});

describe("across a reload", () => {
  test("proofs outlive it: nobody becomes young, and nobody old, by it", async () => {
    const { identity, make, advance, token, told, listener } = scene();
    const { principal } = await identity.verify(token());
    await advance(50_000);
    identity.close();
    const after = make();
    expect(await after.prove(principal)).toBeUndefined();
    after.watch(principal, listener);
    await advance(10_000);
    expect(told).toEqual([]);
    await advance(1000);
    expect(told).toHaveLength(1);
  });

  test("a shorter time holds at once for what is live, and a token that was shown before is not young again", async () => {
    const { identity, make, advance, token, told, listener } = scene();
    const shown = token();
    const { principal } = await identity.verify(shown);
    await advance(50_000);
    const after = make(20_000);
    after.watch(principal, listener);
    await advance(1000);
    expect(told).toEqual([expect.stringContaining("a proof counts for 20s")]);
    await expect(after.verify(shown)).rejects.toMatchObject({ code: "token_stale" });
  });

  test("the token that a holder has shown is still the one to ask about", async () => {
    const shown = createShownTokens();
    const { provider, identity, make, advance, token, told, listener } = scene({
      introspects: true,
      more: { shown },
    });
    const { principal } = await identity.verify(token());
    identity.close();
    const after = make();
    after.watch(principal, listener);
    await advance(600_000);
    expect(provider.count(path)).toBeGreaterThan(20);
    expect(told).toEqual([]);
  });

  test("where it came with the reload, what was learnt before it counts", async () => {
    const { make, advance, token } = scene();
    const before = make(0);
    const { principal } = await before.verify(token());
    await advance(30_000);
    const after = make();
    expect(await after.prove(principal)).toBeUndefined();
  });
});
