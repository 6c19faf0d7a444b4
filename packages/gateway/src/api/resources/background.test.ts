import { expect, it } from "vitest";
import type { AuditLogs } from "../../audit/logs/port.ts";
import { as, ask, post, useApi } from "../testing/app.ts";

const start = useApi();

it("looks for denied acts under those grants alone that the viewer may read", async () => {
  const { app, all } = start();
  const { id } = (await app.inject(post("/v1/requests", "agent", ask))).json<{ id: string }>();
  const { grants, reader } = all.services;
  const { background } = grants;
  const { search } = reader;
  const searched: (string | undefined)[] = [];
  const past = {
    connection: "orders-db",
    operations: [],
    activatedAt: 0,
    state: "expired",
    denied: 1,
  } as const;
  Object.assign(grants, {
    async background(...asked: Parameters<typeof background>) {
      const found = await background(...asked);
      const history = ["gr_readable", "gr_other"].map((grant) => ({ ...past, grant }));
      const request = { ...found.request, sheet: { ...found.request.sheet, history } };
      return { ...found, request, readableGrants: ["gr_readable"] };
    },
  });
  Object.assign(reader, {
    search(...asked: Parameters<typeof search>) {
      searched.push(asked[0].grant);
      return search(...asked);
    },
  });
  const answer = await app.inject({ url: `/v1/requests/${id}/background`, headers: as("reviewer") });
  expect(answer.json()).toMatchObject({ denials: [] });
  expect(searched).toEqual(["gr_readable"]);
});

it("says which logs did not answer for what was denied, each once", async () => {
  const partial = [{ log: "second", lacks: "bodies", reason: "it does not answer" }] as const;
  const retired = [{ log: "third", lacks: "bodies", by: "olga", at: 0 }] as const;
  const denied = { seq: 7, log: "first", time: "2026-11-24T12:00:00.000Z", type: "act.denied" } as const;
  let running = 0;
  let atOnce = 0;
  const logs: AuditLogs = {
    async search({ grant }) {
      running += 1;
      atOnce = Math.max(atOnce, running);
      await new Promise(setImmediate);
      running -= 1;
      return { records: grant === "gr_a" ? [{ ...denied, detail: {} }] : [], partial, retired };
    },
    payload: async () => undefined,
  };
  const { app, all } = start({ logs });
  const { id } = (await app.inject(post("/v1/requests", "agent", ask))).json<{ id: string }>();
  const { grants } = all.services;
  const { background } = grants;
  const past = {
    connection: "orders-db",
    operations: [],
    activatedAt: 0,
    state: "expired",
    denied: 1,
  } as const;
  Object.assign(grants, {
    async background(...asked: Parameters<typeof background>) {
      const found = await background(...asked);
      const history = ["gr_a", "gr_b"].map((grant) => ({ ...past, grant }));
      const request = { ...found.request, sheet: { ...found.request.sheet, history } };
      return { ...found, request, readableGrants: ["gr_a", "gr_b"] };
    },
  });
  const answer = await app.inject({ url: `/v1/requests/${id}/background`, headers: as("reviewer") });
  expect(answer.json()).toMatchObject({ denials: [{ seq: 7, log: "first" }] });
  expect(answer.json<{ partial: unknown }>().partial).toEqual(partial);
  expect(answer.json<{ retired: unknown }>().retired).toEqual([
    { log: "third", lacks: "bodies", by: "olga", at: "1970-01-01T00:00:00.000Z" },
  ]);
  // Few searches wait for other gateways at once: one page must not take all places.
  expect(atOnce).toBe(1);
});
