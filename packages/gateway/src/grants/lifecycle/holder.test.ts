import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deadlineAfter } from "../../kernel/clock.ts";
import type { Core } from "../core.ts";
import type { Ask, Grants } from "../grants.ts";
import { code, grantOf, other, read, refund } from "../testing/asks.ts";
import { minute, type Harness } from "../testing/harness.ts";
import {
  agent,
  auditor,
  operator,
  person,
  reviewer,
  sampleGrant,
  sampleRequest,
} from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { Grant } from "../types.ts";
import { liveEntriesOf } from "./holder.ts";
import { createLiveGrants } from "./live-grants.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

const activeNow = async (ask: Ask = read): Promise<string> => grantOf(await grants.request(agent, ask));

describe("seeing", () => {
  it("shows to each only what is theirs to see", async () => {
    const mine = await grants.request(agent, read);
    const pending = await grants.request(agent, refund);
    const grant = grantOf(mine);
    for (const viewer of [other, { ...agent, kind: "person" as const }, person("x", { roles: [] })]) {
      expect(await code(grants.find(viewer, mine.id))).toBe("not_found");
      expect(await code(grants.grant(viewer, grant))).toBe("not_found");
      expect(await code(grants.release(viewer, grant))).toBe("not_found");
      expect(await code(grants.collectSecret(viewer, grant))).toBe("not_found");
      expect(await grants.grants(viewer, {})).toEqual([]);
      expect(await grants.requests(viewer, {})).toEqual([]);
      expect(await code(grants.requests(viewer, { all: true }))).toBe("forbidden");
      expect(await code(grants.grants(viewer, { all: true }))).toBe("forbidden");
    }
    expect((await grants.requests(reviewer, { all: true })).map((one) => one.id)).toEqual([pending.id]);
    expect(await code(grants.grants(reviewer, { all: true }))).toBe("forbidden");
    for (const viewer of [operator, auditor]) {
      expect(await grants.requests(viewer, { all: true })).toHaveLength(2);
      expect((await grants.grants(viewer, { all: true, state: "active" })).map((one) => one.id)).toEqual([
        grant,
      ]);
      expect((await grants.grant(viewer, grant)).id).toBe(grant);
      expect(await code(grants.release(viewer, grant))).toBe("forbidden");
    }
    expect(await code(grants.revoke(auditor, grant, "no"))).toBe("forbidden");
    expect(await code(grants.lockdown(auditor, "no"))).toBe("forbidden");
    expect(await code(grants.lockdown({ ...operator, kind: "agent" }, "no"))).toBe("forbidden");
  });

  it("gives the secret once, to the requester, and shows its verifier to nobody", async () => {
    const grant = await activeNow();
    expect(await grants.verifier(grant)).toBeUndefined();
    const both = await Promise.all([grants.collectSecret(agent, grant), grants.collectSecret(agent, grant)]);
    const [secret] = both.filter((one) => one !== undefined);
    expect(both.filter((one) => one === undefined)).toHaveLength(1);
    const verifier = (await grants.verifier(grant)) ?? "";
    const [, iterations, salt, stored, server] =
      /^SCRAM-SHA-256\$(\d+):(.+)\$(.+):(.+)$/.exec(verifier) ?? [];
    const salted = pbkdf2Sync(
      secret ?? "",
      Buffer.from(salt ?? "", "base64"),
      Number(iterations),
      32,
      "sha256",
    );
    const mac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
    expect(createHash("sha256").update(mac("Client Key")).digest("base64")).toBe(stored);
    expect(mac("Server Key").toString("base64")).toBe(server);
    const shown = [
      await grants.grant(agent, grant),
      await grants.grants(agent, {}),
      grants.live(grant)?.grant,
      h.log.disk,
    ];
    expect(JSON.stringify(shown)).not.toContain("SCRAM");
    expect(JSON.stringify(shown)).not.toContain(secret);
    await grants.release(agent, grant);
    // It opens nothing any more: it only lets whoever proves it hear how the grant ended.
    expect(grants.live(grant)).toBeUndefined();
    expect(await grants.verifier(grant)).toBe(verifier);
    expect((await grants.closed(grant))?.reason).toContain("released");
    expect(await code(grants.collectSecret(agent, grant))).toBe("grant_ended");
  });

  it("records that the secret was collected, and gives none that is not on record", async () => {
    const first = await activeNow();
    await grants.collectSecret(agent, first);
    await grants.collectSecret(agent, first);
    const collected = (): unknown[] => h.log.disk.filter((record) => record.type === "grant.collected");
    expect(collected()).toMatchObject([{ grant: first, detail: { by: agent.subject } }]);
    const second = await activeNow();
    h.log.failing = "lost";
    expect(await code(grants.collectSecret(agent, second))).toBe("log_unavailable");
    h.log.failing = undefined;
    expect(await grants.collectSecret(agent, second)).toBeUndefined();
    expect(collected()).toHaveLength(1);
  });

  it("makes no secret while the log would not take its record: the next try has it", async () => {
    const grant = await activeNow();
    h.log.failing = "reserve";
    expect(await code(grants.collectSecret(agent, grant))).toBe("log_unavailable");
    h.log.failing = undefined;
    expect(await grants.collectSecret(agent, grant)).toBeDefined();
  });
});

describe("the live grants of one holder", () => {
  it("are found without a look at those of others", async () => {
    const lookedAt = { requester: 0 };
    const clock = h.clock;
    const live = createLiveGrants(clock, () => undefined, () => undefined, () => undefined); // prettier-ignore
    const ends = { activatedAt: clock.wall(), endsAt: clock.wall() + minute };
    const add = (grant: Grant): void =>
      void live.add(grant, sampleRequest(grant.request), deadlineAfter(clock, minute));
    for (let number = 0; number < 100; number += 1)
      add({
        ...sampleGrant(`gr_${number}`, "req_1", ends),
        // Its own enumerable member, so that it is there in copies; a copy reads it once.
        requester: new Proxy(
          { ...agent, subject: `0oa${number}` },
          {
            get(target, name, receiver) {
              lookedAt.requester += 1;
              return Reflect.get(target, name, receiver) as unknown;
            },
          },
        ),
      });
    add(sampleGrant("gr_mine", "req_2", ends));
    add(sampleGrant("gr_elsewhere", "req_3", { ...ends, connection: "billing-api" }));
    lookedAt.requester = 0;
    const core = { clock, live } as unknown as Core;
    expect(liveEntriesOf(core, agent, "orders-db").map(({ grant }) => grant.id)).toEqual(["gr_mine"]);
    expect(lookedAt.requester).toBe(0);
    live.remove("gr_mine", { state: "released", words: "over" });
    expect(liveEntriesOf(core, agent, "orders-db")).toEqual([]);
    expect(liveEntriesOf(core, agent, "billing-api")).toHaveLength(1);
    live.stop();
  });
});
