// tier: full
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LiveSession, principals } from "@mayfly/testing/fake-api.ts";
import { testBed, type TestBed } from "./testing/cli.ts";

const asOperator = { MAYFLY_TOKEN: "token-operator" };
const asAuditor = { MAYFLY_TOKEN: "token-auditor" };

let bed: TestBed;
let sessions: LiveSession[];

beforeEach(async () => {
  sessions = [];
  bed = await testBed({ sessions: () => sessions });
});
afterEach(() => bed.close());

async function grantOf(who: "agent" | "other"): Promise<string> {
  const requester = principals[who];
  if (requester === undefined) throw new Error("there is nobody of that name");
  const ask = { connection: "orders-db", operations: ["read-orders"], reason: "r", clientAddress: "::1" };
  return (await bed.all.grants.request(requester, ask)).grant ?? "";
}

describe("mayfly live", () => {
  it("shows who has access and what each session does, and lets no text paint on the terminal", async () => {
    expect(await bed.run(["live"], asOperator)).toMatchObject({
      code: 0,
      stderr: "No active grants\n",
    });
    const [busy, idle] = [await grantOf("agent"), await grantOf("other")];
    const since = Date.now() - 65_000;
    const session = {
      protocol: "postgres",
      address: "10.0.0.9",
      openedAt: since,
      acts: 3,
      denied: 1,
    } as const;
    sessions = [
      {
        ...session,
        id: "ses_1",
        grant: busy,
        software: "psql",
        now: { text: "select \u001b[2J\n1", since, state: "running" },
      },
      { ...session, id: "ses_2", grant: busy, denied: 0 },
    ];
    const { code, stdout } = await bed.run(["live", "-o", "wide"], asOperator);
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^GRANT +WHO +OPERATIONS +ENDS +SESSION +FROM +ACTS +NOW$/);
    expect(stdout).toMatch(
      new RegExp(
        `${busy} .*support-bot .*ses_1 +psql 10\\.0\\.0\\.9 +3, 1 denied +runs since 1m \\d+s: select \\\\u001b\\[2J ⏎ 1`,
      ),
    );
    expect(stdout).toMatch(/ses_2 +10\.0\.0\.9 +3 +connected/);
    expect(stdout).toMatch(new RegExp(`${idle} .*not in use`));
    expect((await bed.run(["live"])).code).toBe(3);
  });
});

describe("mayfly revoke --agent", () => {
  it("revokes all of one agent and nothing else", async () => {
    const mine = [await grantOf("agent"), await grantOf("agent")];
    const other = await grantOf("other");
    const ran = await bed.run(["revoke", "--agent", "support-bot", "--reason", "it misbehaves"], asOperator);
    expect(ran).toMatchObject({ code: 0, stderr: "2 grants of support-bot are revoked\n" });
    for (const id of mine) expect(bed.all.grants.store.grants.get(id)?.state).toBe("revoked");
    expect(bed.all.grants.store.grants.get(other)?.state).toBe("active");
    const again = await bed.run(["revoke", "--agent", "support-bot", "--reason", "r"], asOperator);
    expect(again).toMatchObject({ code: 0, stderr: "no agent support-bot has an active grant\n" });
  });

  it("takes either a grant or an agent, and asks for an operator", async () => {
    const id = await grantOf("agent");
    expect((await bed.run(["revoke", "--reason", "r"], asOperator)).code).toBe(2);
    expect((await bed.run(["revoke", id, "--agent", "support-bot", "--reason", "r"], asOperator)).code).toBe(
      2,
    );
    expect((await bed.run(["revoke", "--agent", "support-bot", "--reason", "r"], asAuditor)).code).toBe(3);
    expect(bed.all.grants.store.grants.get(id)?.state).toBe("active");
  });
});

describe("mayfly audit export", () => {
  it("writes every record, to standard output or whole into a file that others cannot read", async () => {
    for (let i = 0; i < 3; i++) bed.all.services.log.append({ type: "grant.expired", detail: { i } });
    const printed = await bed.run(["audit", "export"], asAuditor);
    expect(printed.code).toBe(0);
    const seqs = printed.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(seqs).toEqual([2, 1, 0]);
    const file = join(bed.state, "log.csv");
    const written = await bed.run(
      ["audit", "export", "--format", "csv", "--type", "grant.expired", "--output", file],
      asAuditor,
    );
    expect(written).toMatchObject({ code: 0, stdout: "", stderr: `wrote ${file}\n` });
    expect(readFileSync(file, "utf8").trim().split("\r\n")).toHaveLength(4);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("leaves nothing behind that could be taken for the whole", async () => {
    const file = join(bed.state, "log.jsonl");
    expect((await bed.run(["audit", "export", "--output", file])).code).toBe(3);
    expect((await bed.run(["audit", "export", "--format", "xml"], asAuditor)).code).toBe(2);
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
  });
});

describe("mayfly audit tail --follow", () => {
  it("prints what was there and what comes", async () => {
    bed.all.services.log.append({ type: "grant.expired", detail: { reason: "before" } });
    const running = bed.start(["audit", "tail", "--follow", "--json"], asAuditor);
    await running.says("before");
    bed.all.services.log.append({ type: "lockdown.started", detail: { reason: "and after" } });
    await running.says("and after");
    running.kill("SIGTERM");
    expect((await running.done).stdout.trim().split("\n")).toHaveLength(2);
  });
});
