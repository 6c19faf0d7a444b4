import { describe, expect, it } from "vitest";
import type { Core } from "../core.ts";
import { agent, operator, reviewer, sampleRequest } from "../testing/samples.ts";
import { listRequests } from "./lists.ts";

/** Emergencies in a store, the newest first, and how often it was asked. */
function storeOf(connections: readonly string[]) {
  // With an approval rule its approvers would see it, emergency or not.
  const { approval: _, ...emergency } = sampleRequest("req", { breakGlass: true, state: "approved" });
  const requester = { ...emergency.requester, uid: "00u1" };
  const stored = connections.map((connection, at) => ({
    ...emergency,
    requester,
    id: `req_${at}`,
    grant: `gr_${at}`,
    connection,
  }));
  const asked: (string | undefined)[] = [];
  const core = {
    store: {
      requests: async ({ before, limit }: { readonly before?: string; readonly limit: number }) => {
        asked.push(before);
        const from = before === undefined ? 0 : Number(before.slice(4)) + 1;
        return stored.slice(from, from + limit);
      },
    },
    rules: {
      policies: { approvers: (connection: string) => (connection === "orders-db" ? reviewer.groups : []) },
    },
  } as unknown as Core;
  return { core, asked };
}

const times = (count: number, connection: string): string[] =>
  Array.from({ length: count }, () => connection);
const emergencies = { all: true, emergencies: "unreviewed" } as const;
const idsOf = ({ requests }: Awaited<ReturnType<typeof listRequests>>): string[] =>
  requests.map(({ id }) => id);

describe("a list of which much is hidden", () => {
  const manyOfOthers = [...times(10_200, "billing-api"), "orders-db", "billing-api", "orders-db"];

  it("ends at a bound, says where to go on, and gives there what lies behind", async () => {
    const { core, asked } = storeOf(manyOfOthers);
    const first = await listRequests(core, reviewer, emergencies);
    expect(first).toEqual({ requests: [], next: "req_9999" });
    expect(asked).toHaveLength(20);
    const second = await listRequests(core, reviewer, { ...emergencies, before: "req_9999" });
    expect(idsOf(second)).toEqual(["req_10200", "req_10202"]);
    expect(second).not.toHaveProperty("next");
  });

  it("gives what it found before the bound, and goes on behind what it looked at", async () => {
    const { core } = storeOf(["orders-db", ...manyOfOthers]);
    const first = await listRequests(core, reviewer, { ...emergencies, limit: 2 });
    expect(idsOf(first)).toEqual(["req_0"]);
    expect(first.next).toBe("req_9999");
    expect(
      idsOf(await listRequests(core, reviewer, { ...emergencies, before: "req_9999", limit: 2 })),
    ).toEqual(["req_10201", "req_10203"]);
  });

  it("goes on behind its last where the page is full", async () => {
    const { core, asked } = storeOf(manyOfOthers);
    const first = await listRequests(core, operator, { ...emergencies, limit: 3 });
    expect(first).toMatchObject({ requests: [{}, {}, {}], next: "req_2" });
    expect(asked).toHaveLength(1);
  });

  it("lets others have their turn between one batch and the next", async () => {
    const { core, asked } = storeOf(manyOfOthers);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await listRequests(core, reviewer, emergencies);
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(asked.length);
  });
});

describe("a list of one's own", () => {
  it("goes on behind a full page of which somebody else's were left out", async () => {
    const { core } = storeOf(times(3, "orders-db"));
    const renamed = { ...agent, uid: "00u2" };
    const own = await listRequests(core, renamed, { limit: 2 });
    expect(own.next).toBe("req_1");
    expect(await listRequests(core, renamed, { limit: 2, before: "req_1" })).not.toHaveProperty("next");
  });
});
