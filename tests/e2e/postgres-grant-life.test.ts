// tier: gate
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

/** All records of the log's files, parsed. */
async function records(world: World): Promise<Record<string, unknown>[]> {
  const folder = path.join(world.folder, "data/audit/records");
  const all: Record<string, unknown>[] = [];
  for (const file of (await readdir(folder)).toSorted()) {
    for await (const line of createInterface({ input: createReadStream(path.join(folder, file)) }))
      all.push(JSON.parse(line) as Record<string, unknown>);
  }
  return all;
}

async function sessionsInDatabase(world: World, condition = "true"): Promise<number> {
  const client = new pg.Client({ connectionString: world.postgres.url("shop") });
  await client.connect();
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity WHERE usename = 'mayfly' AND application_name <> 'mayfly probe' AND ${condition}`,
  );
  await client.end();
  return rows[0]?.count ?? -1;
}

/** Whether the long query runs: another session of the tests before may be about to leave. */
async function longRuns(world: World): Promise<boolean> {
  return (await sessionsInDatabase(world, "state = 'active' AND query LIKE 'copy (select a.id%'")) === 1;
}

/** Waits for something that another process does. */
async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const long = "copy (select a.id, b.total, c.status from orders a, orders b, orders c) to stdout";

describe.each(["sqlite", "postgres"] as const)(
  "a grant from its request to its end through psql, with the store on %s",
  (store) => {
    let world: World;
    let token: string;

    beforeAll(async () => {
      world = await startWorld({ store });
      token = await world.agentToken();
    });
    afterAll(() => world.stop());

    const askRefund = async (key: string): Promise<{ id: string; digest: string; state: string }> => {
      const ask = { connection: "orders-db", operations: ["refund-order"], reason: `TICKET-${key}` };
      const { body } = await call(world.gateway, token, "POST", "/v1/requests", ask);
      return body as { id: string; digest: string; state: string };
    };

    test("psql reads what is granted, with the grant's secret and with the access token", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
      const query = ["-At", "-c", "select count(*) from orders"];
      expect(await psql(world, access.env, query)).toMatchObject({ code: 0, stdout: "400\n", stderr: "" });
      const byToken = { ...access.env, PGUSER: `${access.grant}.token`, PGPASSWORD: token };
      expect(await psql(world, byToken, query)).toMatchObject({ code: 0, stdout: "400\n", stderr: "" });
      expect(await psql(world, { ...access.env, PGPASSWORD: "wrong" }, query)).toMatchObject({ code: 2 });
      expect(await psql(world, { ...access.env, PGSSLMODE: "disable" }, query)).toMatchObject({ code: 2 });
      const stranger = await world.personToken("rosa@example.com");
      expect((await psql(world, { ...byToken, PGPASSWORD: stranger }, query)).code).toBe(2);
    });

    test("a refusal is an error of PostgreSQL's own, and the session goes on, inside a transaction too", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
      const script =
        "\\set VERBOSITY verbose\nbegin;\nselect 1;\ndelete from orders;\nselect 2;\nrollback;\nselect 'still here';\n";
      const { code, stdout, stderr } = await psql(world, access.env, ["-At"], script);
      expect(code).toBe(0);
      expect(stderr).toContain("ERROR:  42501: delete on public.orders is not granted");
      expect(stderr).toContain("HINT:");
      expect(stderr).toContain("LOCATION:  mayfly:ask");
      expect(stderr).toContain("25P02");
      expect(stdout).toContain("still here");
    });

    test("one path ends a grant, whatever ends it: cancelled upstream, told in the client's protocol, both sockets closed", async () => {
      const olga = await world.personToken("olga@example.com");
      const endings: [string, (grant: string) => Promise<unknown>, RegExp][] = [
        [
          "release",
          (grant) => call(world.gateway, token, "DELETE", `/v1/grants/${grant}`),
          /released by its holder/,
        ],
        [
          "revoke",
          (grant) =>
            call(world.gateway, olga, "POST", `/v1/grants/${grant}/revoke`, { reason: "suspicious" }),
          /suspicious/,
        ],
        [
          "lock-down",
          () => call(world.gateway, olga, "PUT", "/v1/lockdown", { reason: "incident" }),
          /incident|lock/,
        ],
      ];
      for (const [name, end, why] of endings) {
        const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
        const running = psql(world, access.env, ["-c", long]);
        await until(`${name}: the query runs`, () => longRuns(world));
        await end(access.grant);
        const { code, stderr } = await running;
        expect(code, name).not.toBe(0);
        expect(stderr, name).toMatch(/FATAL:/);
        expect(stderr, name).toMatch(why);
        await until(`${name}: the query is gone`, async () => (await sessionsInDatabase(world)) === 0);
        // Whoever proves its secret is told what became of the grant; a wrong secret is told nothing.
        const again = await psql(world, access.env, ["-c", "select 1"]);
        expect(again.code, name).toBe(2);
        expect(again.stderr, name).toMatch(name === "lock-down" ? /locked down/ : why);
        expect(again.stderr, name).not.toContain("password authentication failed");
        const guessed = await psql(world, { ...access.env, PGPASSWORD: "wrong" }, ["-c", "select 1"]);
        expect(guessed.stderr, name).toContain("password authentication failed");
        expect(guessed.stderr, name).not.toMatch(why);
      }
      const refused = await call(world.gateway, token, "POST", "/v1/requests", {
        connection: "orders-db",
        operations: ["read-orders"],
        reason: "TICKET-1",
      });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      await call(world.gateway, olga, "DELETE", "/v1/lockdown");
      await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
    });

    test("the deadline cuts a running query in the middle of its result", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"], "6s");
      const { stderr, stdout } = await psql(world, access.env, ["-c", long]);
      expect(stderr).toMatch(/FATAL: .*expired after 6s/);
      expect(stdout.length).toBeGreaterThan(1000);
      await until("the query is gone", async () => (await sessionsInDatabase(world)) === 0);
    });

    test("approval: never by the requester or its owner, bound to the digest, counted once", async () => {
      const request = await askRefund("77");
      expect(request.state).toBe("pending");
      const path = `/v1/requests/${request.id}/approve`;
      const [rosa, owner] = [
        await world.personToken("rosa@example.com"),
        await world.personToken("owner@example.com"),
      ];
      expect((await call(world.gateway, token, "POST", path, { digest: request.digest })).status).toBe(403);
      expect((await call(world.gateway, owner, "POST", path, { digest: request.digest })).status).toBe(403);
      expect(
        (await call(world.gateway, rosa, "POST", path, { digest: `sha256:${"0".repeat(64)}` })).status,
      ).toBe(409);
      const both = await Promise.all(
        [1, 2].map(() => call(world.gateway, rosa, "POST", path, { digest: request.digest })),
      );
      expect(
        both.map(({ status }) => status).filter((status) => status === 200).length,
      ).toBeGreaterThanOrEqual(1);
      const { body } = await call(world.gateway, token, "GET", `/v1/requests/${request.id}?wait=5s`);
      const { grant } = body as {
        grant: { id: string; access: { secret?: string; env: Record<string, string> } };
      };
      const collected =
        grant.access.secret === undefined
          ? (
              (await call(world.gateway, token, "POST", `/v1/grants/${grant.id}/secret`)).body as {
                access: typeof grant.access;
              }
            ).access
          : grant.access;
      expect(
        await psql(world, collected.env, ["-c", "update orders set status = 'refunded' where id = 17"]),
      ).toMatchObject({ stdout: "UPDATE 1\n" });
      const all = await psql(world, collected.env, ["-c", "update orders set status = 'refunded'"]);
      expect(all.stderr).toContain("must select rows by id");
    });

    test("a reload is all or nothing: a bad file changes nothing, a good one ends what it no longer allows", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
      await world.edit((text) => text.replace("statements: [select, copy_to]", "statements: [selct]"));
      world.gateway.signal("SIGHUP");
      const refused = await world.gateway.line("configuration refused; the running one is untouched");
      expect(String(refused["why"])).toMatch(/mayfly\.yaml:\d+:\d+: /);
      expect((await psql(world, access.env, ["-At", "-c", "select 1"])).stdout).toBe("1\n");
      await world.edit((text) =>
        text
          .replace("statements: [selct]", "statements: [select, copy_to]")
          .replace("groups: [support-agents] }", "groups: [nobody-agents] }"),
      );
      world.gateway.signal("SIGHUP");
      await world.gateway.line("configuration adopted");
      expect((await psql(world, access.env, ["-c", "select 1"])).code).toBe(2);
      await world.edit((text) => text.replace("nobody-agents", "support-agents"));
      world.gateway.signal("SIGHUP");
      await until("adopted again", async () =>
        Promise.resolve(
          world.gateway.lines.filter((line) => line["msg"] === "configuration adopted").length === 2,
        ),
      );
    });

    test("killed in the middle of work it loses nothing that it acknowledged, and its grants live on to their deadline", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
      const before = await psql(world, access.env, ["-At", "-c", "select 41 + 1"]);
      expect(before.stdout).toBe("42\n");
      const running = psql(world, access.env, ["-c", long]);
      await until("the query runs", () => longRuns(world));
      await world.gateway.stop("SIGKILL");
      expect((await running).code).not.toBe(0);
      await world.restart();
      const kept = await records(world);
      expect(
        kept.some((record) => record["type"] === "act.intent" && JSON.stringify(record).includes("41 + 1")),
      ).toBe(true);
      expect(
        kept.some(
          (record) =>
            record["type"] === "act.intent" && JSON.stringify(record).includes("orders a, orders b"),
        ),
      ).toBe(true);
      expect((await psql(world, access.env, ["-At", "-c", "select 1"])).stdout).toBe("1\n");
      expect(verifyLog(world)).toMatchObject({ code: 0 });
    });

    test("no secret of the gateway, of a grant or of an identity is in the log, in its files or in what it printed", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
      await psql(world, access.env, ["-c", "select 1"]);
      const text = JSON.stringify(await records(world)) + JSON.stringify(world.gateway.lines);
      for (const secret of [
        "only-the-gateway-knows",
        access.secret,
        token,
        token.split(".")[2] ?? "",
        world.postgres.password,
      ])
        expect(text).not.toContain(secret);
    });

    test("a graceful stop tells the sessions, flushes the log and ends with 0", async () => {
      const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
      const running = psql(world, access.env, ["-c", long]);
      await until("the query runs", () => longRuns(world));
      expect(await world.gateway.stop("SIGTERM")).toBe(0);
      const { stderr } = await running;
      expect(stderr).toMatch(/FATAL: .*being stopped/);
      expect((await records(world)).at(-1)).toMatchObject({ type: "log.closed" });
      expect(verifyLog(world)).toMatchObject({ code: 0 });
      await world.restart();
    });
  },
);
