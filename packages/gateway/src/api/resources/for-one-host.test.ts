import type { LightMyRequestResponse } from "fastify";
import { describe, expect, it, vi } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { ProofKey } from "../../identity/dpop/testing/proofs.ts";
import type { Grant } from "../../grants/types.ts";
import { createRunSql } from "../../protocols/postgres/tools/run-sql.ts";
import { createToolbox } from "../mcp/tools.ts";
import { ask, useApi } from "../testing/app.ts";
import { type BoundWorld, boundWorld } from "../testing/bound.ts";
import type { Fakes } from "../testing/fakes.ts";

// Where an agent comes from, as the API hears it and passes it on: some grants are for one host.

const api = useApi();

interface World extends Pick<BoundWorld, "key" | "otherKey"> {
  readonly all: Fakes;
  /** What run_sql was let do, and under which grant. */
  readonly ran: (string | undefined)[];
  post(
    path: string,
    body: object | undefined,
    key?: ProofKey,
    address?: string,
  ): Promise<LightMyRequestResponse>;
}

function world(): World {
  const clock = fakeClock();
  const { identity, key, otherKey, send } = boundWorld(clock);
  const ran: (string | undefined)[] = [];
  const runSql = createRunSql(async (_, { grant }) => {
    ran.push(grant);
    return { command: "SELECT 0", columns: [], rows: [] };
  });
  const { app, all } = api({
    clock,
    identity,
    toolbox: createToolbox([{ kind: "postgres", tools: [runSql] }]),
    loopback: { lend: (_kind, _caller, use) => use({} as never) },
  });
  return {
    key,
    otherKey,
    all,
    ran,
    post: (path, body, by, remoteAddress = "10.9.9.9") =>
      app.inject({ ...send(path, body === undefined ? "" : JSON.stringify(body), by), remoteAddress }),
  };
}

describe("what grants are told of where an agent comes from", () => {
  it("is its address and its key, at the ask, and with the secret of what is granted at once", async () => {
    const { all, key, post } = world();
    const request = vi.spyOn(all.grants, "request");
    const collect = vi.spyOn(all.grants, "collectSecret");
    expect((await post("/v1/requests", ask, key)).statusCode).toBe(201);
    expect(request.mock.calls[0]?.[1]).toMatchObject({ clientAddress: "10.9.9.9", key: key.thumbprint });
    expect(collect.mock.calls[0]?.[2]).toEqual({ address: "10.9.9.9", key: key.thumbprint });
  });

  it("has no key of a bearer token", async () => {
    const { all, post } = world();
    const request = vi.spyOn(all.grants, "request");
    const collect = vi.spyOn(all.grants, "collectSecret");
    expect((await post("/v1/requests", ask)).statusCode).toBe(201);
    expect(request.mock.calls[0]?.[1]).not.toHaveProperty("key");
    expect(collect.mock.calls[0]?.[2]).toEqual({ address: "10.9.9.9" });
  });

  it("is the same when the secret is collected, whatever form the socket has the address in", async () => {
    const { all, key, otherKey, post } = world();
    const { grant } = (await post("/v1/requests", ask, key)).json<{ grant: { id: string } }>();
    const collect = vi.spyOn(all.grants, "collectSecret");
    const path = `/v1/grants/${grant.id}/secret`;
    await post(path, undefined, key, "::ffff:10.9.9.9");
    await post(path, undefined, otherKey, "2001:DB8::7");
    await post(path, undefined);
    expect(collect.mock.calls.map(([, id, from]) => [id, from])).toEqual([
      [grant.id, { address: "10.9.9.9", key: key.thumbprint }],
      [grant.id, { address: "2001:db8::7", key: otherKey.thumbprint }],
      [grant.id, { address: "10.9.9.9" }],
    ]);
  });

  it("is whether it is for a command in a sandbox too: at the ask, and with the secret", async () => {
    const { all, post } = world();
    const request = vi.spyOn(all.grants, "request");
    const collect = vi.spyOn(all.grants, "collectSecret");
    const answer = await post("/v1/requests", { ...ask, sandbox: true });
    const { sandbox, grant } = answer.json<{ sandbox?: boolean; grant: { id: string; sandbox?: boolean } }>();
    expect([answer.statusCode, sandbox, grant.sandbox]).toEqual([201, true, true]);
    expect(request.mock.calls[0]?.[1]).toMatchObject({ sandbox: true });
    const path = `/v1/grants/${grant.id}/secret`;
    for (const body of [{ sandbox: true }, { sandbox: false }, undefined]) await post(path, body);
    expect(collect.mock.calls.map(([, , , said]) => said)).toEqual([true, true, false, undefined]);
    expect((await post(path, { sandbox: "yes" })).statusCode).toBe(400);
    expect((await post("/v1/requests", { ...ask, sandbox: "yes" })).statusCode).toBe(400);
  });

  it("is what MCP's request_access says too", async () => {
    const { all, key, post } = world();
    const request = vi.spyOn(all.grants, "request");
    await post("/mcp", call("request_access", ask), key);
    expect(request.mock.calls[0]?.[1]).toMatchObject({ clientAddress: "10.9.9.9", key: key.thumbprint });
  });
});

const call = (name: string, args: object): object => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

describe("MCP's tools", () => {
  const select = { connection: "orders-db", sql: "select 1" };

  interface Held extends World {
    /** Asks for a grant, which is for this place or a command in a sandbox alone. @returns its id */
    grant(more?: Partial<Pick<Grant, "from" | "sandbox">>): Promise<string>;
    use(name: string, args: object, key?: ProofKey, address?: string): Promise<string>;
  }

  function holding(): Held {
    const w = world();
    return {
      ...w,
      async grant(more = {}) {
        const { grant } = (await w.post("/v1/requests", ask)).json<{ grant: { id: string } }>();
        const { grants } = w.all.grants.store;
        const made = grants.get(grant.id);
        if (made !== undefined) grants.set(grant.id, { ...made, ...more });
        return grant.id;
      },
      async use(name, args, key, address) {
        const answer = await w.post("/mcp", call(name, args), key, address);
        return answer.json<{ result: { content: [{ text: string }] } }>().result.content[0].text;
      },
    };
  }

  it("use a grant that is for one host under its key and from its address alone", async () => {
    const w = holding();
    await w.grant({ from: { address: "10.9.9.9", key: w.key.thumbprint } });
    for (const [key, address] of [[w.otherKey], [undefined], [w.key, "10.9.9.10"]] as const)
      expect(await w.use("run_sql", select, key, address)).toMatch(
        /not_granted: you have no active grant on orders-db/,
      );
    expect(w.ran).toEqual([]);
    expect(await w.use("run_sql", select, w.key)).toContain("SELECT 0");
    expect(await w.use("run_sql", select, w.key, "::ffff:10.9.9.9")).toContain("SELECT 0");
    expect(w.ran).toHaveLength(2);
  });

  it("say of one that is named that it is for another host", async () => {
    const w = holding();
    const grant = await w.grant({ from: { address: "10.9.9.9", key: w.key.thumbprint } });
    const said = await w.use("run_sql", { ...select, grant }, w.otherKey);
    expect(said).toContain(`grant ${grant} is for the host that asked for it, not for this one`);
    expect(said).toContain("request_access");
    expect(w.ran).toEqual([]);
    expect(await w.use("run_sql", { ...select, grant }, w.key)).toContain("SELECT 0");
  });

  it("use this host's own grant, though another's is newer", async () => {
    const w = holding();
    const own = await w.grant({ from: { address: "10.9.9.9", key: w.key.thumbprint } });
    const others = await w.grant({ from: { address: "10.9.9.9", key: w.otherKey.thumbprint } });
    await w.use("run_sql", select, w.key);
    await w.use("run_sql", select, w.otherKey);
    expect(w.ran).toEqual([own, others]);
  });

  it("list as active what may be used from here", async () => {
    const w = holding();
    const grant = await w.grant({ from: { address: "10.9.9.9", key: w.key.thumbprint } });
    expect(await w.use("list_operations", {}, w.key)).toContain(`"active_grant":"${grant}"`);
    expect(await w.use("list_operations", {}, w.otherKey)).not.toContain("active_grant");
  });

  it("do not use one that is for a command in a sandbox, nor list it as active, and say so of one that is named", async () => {
    const w = holding();
    const grant = await w.grant({ sandbox: true });
    expect(await w.use("run_sql", select)).toMatch(/not_granted: you have no active grant on orders-db/);
    expect(await w.use("run_sql", { ...select, grant })).toContain(
      `grant ${grant} is for a command in a sandbox alone`,
    );
    expect(await w.use("list_operations", {})).not.toContain("active_grant");
    expect(w.ran).toEqual([]);
  });

  it("use what is for no host from anywhere", async () => {
    const w = holding();
    const grant = await w.grant();
    await w.use("run_sql", select, w.key);
    await w.use("run_sql", select, w.otherKey, "10.9.9.10");
    expect(w.ran).toEqual([grant, grant]);
  });
});
