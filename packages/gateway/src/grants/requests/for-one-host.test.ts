import { beforeEach, describe, expect, it } from "vitest";
import { compiled } from "../../policy/testing/samples.ts";
import type { PolicyEntry } from "../../policy/types.ts";
import type { Ask, GrantRules, Grants } from "../grants.ts";
import { code, grantOf, read, refund } from "../testing/asks.ts";
import { harness, minute, rulesOf, settle, usual, type Harness } from "../testing/harness.ts";
import { day, demanding, fakeProbes, hour, open } from "../testing/probes.ts";
import { agent, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

const { say, find: findPaths } = fakeProbes();
let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules: demanding(), findPaths }, (made) => {
  h = made;
  grants = made.grants;
});
const closed = (ago: number): void => say({ closedAt: h.clock.wall() - ago, probe: "pr_1" });
beforeEach(() => closed(hour));

/** The host that asks, and others of the same agent. */
const here = { clientAddress: "10.0.0.1", key: "k1" };
const others: readonly [string, Pick<Ask, "clientAddress" | "key">][] = [
  ["another address", { ...here, clientAddress: "10.0.0.2" }],
  ["another key", { ...here, key: "k2" }],
  ["no key", { clientAddress: here.clientAddress }],
];
/** What is asked for, from nowhere yet: the host's address and key come in one piece. */
const thing = { ...read, idempotencyKey: "once" };
const waiting = { ...refund, idempotencyKey: "waits" };
const once = { ...thing, ...here };
const pending = { ...waiting, ...here };

describe("an idempotency key of what is for one host", () => {
  const conflict = async (ask: Ask): Promise<void> => {
    const failed = await grants.request(agent, ask).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: "idempotency_conflict", status: 409 });
    expect(String(failed)).toContain("from another host");
  };

  it.each(others)(
    "gives nothing to a host with %s, while it waits and when it is approved",
    async (_, from) => {
      const granted = await grants.request(agent, once);
      await conflict({ ...thing, ...from });
      const waits = await grants.request(agent, pending);
      await conflict({ ...waiting, ...from });
      await grants.approve(reviewer, waits.id, waits.digest, "");
      await conflict({ ...waiting, ...from });
      expect(await grants.request(agent, once)).toEqual(granted);
      expect(await h.store.grants({ limit: 9 })).toHaveLength(2);
      expect(await h.store.requests({ limit: 9 })).toHaveLength(2);
    },
  );

  it("gives nothing to a host with a key where the first had none", async () => {
    const { id } = await grants.request(agent, thing);
    await conflict(once);
    expect((await grants.request(agent, thing)).id).toBe(id);
  });

  it("gives the same host the first answer, whatever was found since, in whatever form its address comes", async () => {
    const { id } = await grants.request(agent, once);
    const waits = await grants.request(agent, pending);
    say(open);
    for (const clientAddress of ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1"]) {
      expect((await grants.request(agent, { ...once, clientAddress })).id).toBe(id);
      const again = await grants.request(agent, { ...pending, clientAddress });
      expect([again.id, again.state]).toEqual([waits.id, "pending"]);
    }
  });

  it("says that something else was asked for rather than that it is another host", async () => {
    await grants.request(agent, once);
    const other = { ...once, clientAddress: "10.0.0.2", reason: "TICKET-2" };
    await expect(grants.request(agent, other)).rejects.toThrow("asked for something else");
  });

  it("gives nothing to another host when its ask comes a moment before through another gateway", async () => {
    const first = await grants.request(agent, once);
    // Neither knew of the other's when it looked.
    h.store.requestByKey = async () => undefined;
    await conflict({ ...once, key: "k2" });
    expect((await grants.request(agent, once)).id).toBe(first.id);
    await settle();
    expect(await h.store.grants({ limit: 9, state: "active" })).toHaveLength(1);
  });

  it("answers from anywhere where no policy that decided bound it to a host", async () => {
    await grants.adopt(rulesOf(usual));
    const ids = new Set<string>();
    for (const from of [here, ...others.map(([, other]) => other)])
      ids.add((await grants.request(agent, { ...thing, ...from })).id);
    expect(ids.size).toBe(1);
  });

  it("answers a denial from anywhere", async () => {
    say(open);
    const denied = await grants.request(agent, once);
    expect(denied.state).toBe("denied");
    closed(0);
    expect(await grants.request(agent, { ...once, key: "k2" })).toEqual(denied);
  });
});

describe("the secret of a grant that is for one host", () => {
  let grant: string;
  beforeEach(async () => {
    grant = grantOf(await grants.request(agent, once));
  });
  const place = { address: "10.0.0.1", key: "k1" };

  it.each([
    ["another address", { ...place, address: "10.0.0.2" }],
    ["another key", { ...place, key: "k2" }],
    ["no key", { address: place.address }],
    ["nobody knows where", undefined],
  ])("is not made for %s, and is still there for the first", async (_, from) => {
    const failed = await grants.collectSecret(agent, grant, from).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: "forbidden", status: 403 });
    expect(String(failed)).toContain("is for the host that asked for it");
    expect(await grants.verifier(grant)).toBeUndefined();
    expect(h.log.types()).not.toContain("grant.collected");
    expect(await grants.collectSecret(agent, grant, place)).toMatch(/^[0-9a-z]{32}$/);
    expect(await code(grants.collectSecret(agent, grant, from))).toBe("forbidden");
  });

  it("is made for a bearer token where a bearer token asked, at the same address alone", async () => {
    const own = grantOf(await grants.request(agent, { ...thing, idempotencyKey: "bearer" }));
    expect(await code(grants.collectSecret(agent, own, place))).toBe("forbidden");
    expect(await code(grants.collectSecret(agent, own, { address: "10.0.0.2" }))).toBe("forbidden");
    expect(await grants.collectSecret(agent, own, { address: "10.0.0.1" })).toBeDefined();
  });

  it("is made for anybody of its holder's where the grant is for no host", async () => {
    await grants.adopt(rulesOf(usual));
    const own = grantOf(await grants.request(agent, { ...once, idempotencyKey: "any" }));
    expect(await grants.collectSecret(agent, own, { address: "10.0.0.9", key: "k9" })).toBeDefined();
  });

  it("is not made for another agent at the same host, who hears nothing of it", async () => {
    const other = { ...agent, subject: "0oa2", client: "0oa2" };
    expect(await code(grants.collectSecret(other, grant, place))).toBe("not_found");
  });
});

describe("where a request came from", () => {
  const inventory = new Map([["orders-db", ["read-orders", "refund-order"]]]);
  const entry = (name: string, more: Partial<PolicyEntry> = {}): PolicyEntry => ({
    name,
    forbid: false,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["read-orders"],
    ttl: { default: minute, max: 5 * minute },
    ...more,
  });
  const rules = (...entries: readonly PolicyEntry[]): GrantRules =>
    rulesOf(usual, { policies: compiled(entries, inventory) });
  const probedOnly = { closedPaths: day };

  it.each<[string, readonly PolicyEntry[]]>([
    [
      "another policy about the operation would have asked for it",
      [entry("longer", { ttl: { default: minute, max: 10 * minute } }), entry("probed", probedOnly)],
    ],
    [
      "a policy for another group would have",
      [entry("any"), entry("probed", { ...probedOnly, groups: ["sre"] })],
    ],
    ["one in shadow would have", [entry("any"), entry("probed", { ...probedOnly, shadow: true })]],
    [
      "one of the same operation's emergencies would have",
      [entry("any"), entry("probed", { ...probedOnly, breakGlass: true })],
    ],
  ])("is not kept where %s", async (_, entries) => {
    await grants.adopt(rules(...entries));
    const request = await grants.request(agent, once);
    expect(findPaths).toHaveBeenCalled();
    expect(request).toMatchObject({ state: "approved", policies: [entries[0]?.name] });
    expect(request).not.toHaveProperty("paths");
    expect(grants.live(grantOf(request))?.grant).not.toHaveProperty("from");
    expect(JSON.stringify(h.log.disk)).not.toContain("pr_1");
    expect((await grants.request(agent, { ...once, key: "k2", clientAddress: "10.0.0.2" })).id).toBe(
      request.id,
    );
    expect(await grants.collectSecret(agent, grantOf(request))).toBeDefined();
  });

  it("is kept where one of two operations' policies asks for it", async () => {
    await grants.adopt(rules(entry("any"), entry("probed", { ...probedOnly, operations: ["refund-order"] })));
    const request = await grants.request(agent, { ...once, operations: ["read-orders", "refund-order"] });
    expect(request.paths?.from).toEqual({ address: "10.0.0.1", key: "k1" });
    expect(grants.live(grantOf(request))?.grant.from).toEqual(request.paths?.from);
  });

  it("is kept where a policy that asks for it decides before one that does not", async () => {
    await grants.adopt(
      rules(entry("any"), entry("probed", { ...probedOnly, ttl: { default: minute, max: 10 * minute } })),
    );
    const request = await grants.request(agent, once);
    expect(request).toMatchObject({ policies: ["probed"], paths: { probe: "pr_1" } });
    say(open);
    const second = await grants.request(agent, { ...once, idempotencyKey: "2" });
    expect(second.policies).toEqual(["any"]);
    expect(second).not.toHaveProperty("paths");
  });
});

describe("a grant that is for one host", () => {
  const from = { address: "10.0.0.1", key: "k1" };

  it("is for it still on a gateway that was killed and started again", async () => {
    const asked = await grants.request(agent, once);
    const waits = await grants.request(agent, pending);
    const grant = grantOf(asked);
    h.crash();
    grants = await h.another();
    expect(grants.live(grant)?.grant.from).toEqual(from);
    expect(await code(grants.collectSecret(agent, grant, { ...from, key: "k2" }))).toBe("forbidden");
    expect(await grants.collectSecret(agent, grant, from)).toBeDefined();
    expect(await code(grants.request(agent, { ...once, key: "k2" }))).toBe("idempotency_conflict");
    const approved = await grants.approve(reviewer, waits.id, waits.digest, "");
    expect(grants.live(grantOf(approved))?.grant.from).toEqual(from);
  });

  it("is for it on every other gateway that takes it up", async () => {
    const several = await harness({ poll: {}, rules: demanding(), findPaths });
    try {
      const second = await several.another({ poll: {} });
      say({ closedAt: several.clock.wall() - hour, probe: "pr_1" });
      const grant = grantOf(await several.grants.request(agent, once));
      expect(second.live(grant)).toBeUndefined();
      expect(await code(second.collectSecret(agent, grant, { ...from, key: "k2" }))).toBe("forbidden");
      expect(second.live(grant)?.grant.from).toEqual(from);
      expect(await second.collectSecret(agent, grant, from)).toBeDefined();
      // One that is heard of, which nobody named.
      const heard = grantOf(await several.grants.request(agent, { ...once, idempotencyKey: "2" }));
      several.clock.advance(1000);
      await settle();
      expect(second.live(heard)?.grant.from).toEqual(from);
    } finally {
      await several.close();
    }
  });
});
