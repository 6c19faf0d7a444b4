import { describe, expect, it } from "vitest";
import { createApi } from "../server.ts";
import { fakes, principals, testPrincipal } from "../testing/fakes.ts";

const agent = principals["agent"] ?? testPrincipal("", "agent");
const other = principals["other"] ?? testPrincipal("", "agent");
const ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  clientAddress: "10.0.0.9",
};
const operator = { authorization: "Bearer token-operator" };
const whose = ({ kind, issuer, subject, client }: typeof agent) => ({ kind, issuer, subject, client });

describe("live", () => {
  it("shows every active grant with its sessions and what they do", async () => {
    const all = fakes();
    const busy = (await all.grants.request(agent, ask)).grant ?? "";
    const idle = (await all.grants.request(other, ask)).grant ?? "";
    const over = (await all.grants.request(other, ask)).grant ?? "";
    await all.grants.release({ ...other, roles: [] }, over);
    const app = createApi({
      ...all.services,
      sessions: () => [
        {
          id: "ses_1",
          grant: busy,
          protocol: "postgres",
          address: "10.0.0.9",
          software: "psql",
          openedAt: 0,
          acts: 2,
          denied: 1,
          now: { text: "select 1", since: 1000, state: "running" },
        },
        { id: "ses_2", grant: busy, protocol: "postgres", address: "::1", openedAt: 0, acts: 0, denied: 0 },
        {
          id: "ses_3",
          grant: "gr_of_nobody",
          protocol: "postgres",
          address: "::1",
          openedAt: 0,
          acts: 0,
          denied: 0,
        },
      ],
    });
    const answer = await app.inject({ url: "/v1/live", headers: operator });
    const { grants } = answer.json<{
      grants: { grant: { id: string; access?: unknown }; sessions: unknown[] }[];
    }>();
    const found = new Map(grants.map(({ grant, sessions }) => [grant.id, sessions]));
    expect([...found.keys()].toSorted()).toEqual([busy, idle].toSorted());
    expect(found.get(busy)).toEqual([
      {
        id: "ses_1",
        protocol: "postgres",
        address: "10.0.0.9",
        software: "psql",
        opened_at: "1970-01-01T00:00:00.000Z",
        acts: 2,
        denied: 1,
        now: { text: "select 1", since: "1970-01-01T00:00:01.000Z", state: "running" },
      },
      {
        id: "ses_2",
        protocol: "postgres",
        address: "::1",
        opened_at: "1970-01-01T00:00:00.000Z",
        acts: 0,
        denied: 0,
      },
    ]);
    expect(found.get(idle)).toEqual([]);
    expect(grants.every(({ grant }) => grant.access === undefined)).toBe(true);
    await app.close();
  });
});

describe("revoking all of somebody", () => {
  it("ends every active grant of that agent, and nobody else's", async () => {
    const all = fakes();
    const app = createApi(all.services);
    for (let i = 0; i < 5; i++) await all.grants.request(agent, ask);
    await all.grants.request(other, ask);
    // A tool of the same client that acts for a person is somebody else.
    await all.grants.request({ ...agent, subject: "pat@example.test" }, ask);
    const answer = await app.inject({
      method: "POST",
      url: "/v1/grants/revoke",
      headers: operator,
      payload: { requester: whose(agent), reason: "it misbehaves" },
    });
    expect(answer.json()).toEqual({ revoked: 5 });
    const states = [...all.grants.store.grants.values()].map(({ requester, state, endReason }) => [
      requester.subject,
      state,
      endReason?.includes("it misbehaves") ?? false,
    ]);
    expect(states).toEqual([
      ...Array.from({ length: 5 }, () => ["support-bot", "revoked", true]),
      ["other-bot", "active", false],
      ["pat@example.test", "active", false],
    ]);
    await app.close();
  });

  it("ends one that became active in between, and answers 0 when there is none", async () => {
    const all = fakes();
    let asked = false;
    const app = createApi({
      ...all.services,
      grants: {
        ...all.grants,
        revoke: async (by, id, reason) => {
          if (!asked) {
            asked = true;
            await all.grants.request(agent, ask);
          }
          return all.grants.revoke(by, id, reason);
        },
      },
    });
    await all.grants.request(agent, ask);
    const send = () =>
      app.inject({
        method: "POST",
        url: "/v1/grants/revoke",
        headers: operator,
        payload: { requester: whose(agent), reason: "it misbehaves" },
      });
    expect((await send()).json()).toEqual({ revoked: 2 });
    expect((await send()).json()).toEqual({ revoked: 0 });
    await app.close();
  });

  it("tries all although one fails, and says so", async () => {
    const all = fakes();
    const tried: string[] = [];
    const app = createApi({
      ...all.services,
      grants: {
        ...all.grants,
        revoke: (_by, id) => {
          tried.push(id);
          return Promise.reject(new Error("the store is away"));
        },
      },
    });
    for (let i = 0; i < 3; i++) await all.grants.request(agent, ask);
    const answer = await app.inject({
      method: "POST",
      url: "/v1/grants/revoke",
      headers: operator,
      payload: { requester: whose(agent), reason: "it misbehaves" },
    });
    expect(answer.statusCode).toBe(500);
    expect(tried).toHaveLength(3);
    await app.close();
  });

  it.each([
    {},
    { requester: whose(agent) },
    { requester: { ...whose(agent), kind: "system" }, reason: "r" },
    { requester: { kind: "agent", issuer: "i", subject: "s" }, reason: "r" },
    { requester: { ...whose(agent), groups: [] }, reason: "r" },
    { requester: whose(agent), reason: "\u001b[2J" },
  ])("refuses %j", async (payload) => {
    const app = createApi(fakes().services);
    const answer = await app.inject({ method: "POST", url: "/v1/grants/revoke", headers: operator, payload });
    expect(answer.statusCode).toBe(400);
    await app.close();
  });
});
