// tier: full
import { describe, expect, it } from "vitest";
import { type TestBed, useTestBed } from "./testing/cli.ts";

let bed: TestBed;
useTestBed((made) => (bed = made));

const reviewer = { MAYFLY_TOKEN: "token-reviewer" };
const nameOfLatest = (): string => [...bed.all.grants.store.requests.keys()].at(-1) ?? "";

/** Leaves a request behind that waits for a person. @returns its id */
async function ask(): Promise<string> {
  expect((await bed.run(["request", "orders-db/refund-order", "--reason", "TICKET-1"])).code).toBe(4);
  return nameOfLatest();
}
const approve = async (id: string): Promise<void> => {
  expect((await bed.run(["approve", id, "--yes"], reviewer)).code).toBe(0);
};

describe("emergencies to review", () => {
  it("are listed with what comes next, until somebody has reviewed them", async () => {
    const none = await bed.run(["requests", "--to-review"], reviewer);
    expect([none.code, none.stdout, none.stderr]).toEqual([0, "", "There are no emergencies to review.\n"]);
    await bed.run([
      "request",
      "orders-db/read-orders",
      "--reason",
      "INC-9: the shop is down",
      "--break-glass",
    ]);
    const id = nameOfLatest();
    const active = await bed.run(["requests", "--to-review"], reviewer);
    expect(active.stdout).toContain("you may not review it: its grant is still active");
    expect(active.stderr).toBe("");
    const [grant] = [...bed.all.grants.store.grants.keys()];
    expect((await bed.run(["release", grant ?? ""])).code).toBe(0);
    const listed = await bed.run(["requests", "--to-review"], reviewer);
    expect(listed.stdout).toMatch(new RegExp(`^${id} .*orders-db/read-orders`, "m"));
    expect(listed.stdout).toContain("INC-9: the shop is down");
    expect(listed.stderr).toBe(`hint: mayfly show ${id}, then mayfly review ${id} --note "what you found"\n`);
    expect((await bed.run(["review", id, "--note", "nothing else"], reviewer)).code).toBe(0);
    expect((await bed.run(["requests", "--to-review"], reviewer)).stdout).toBe("");
    const both = await bed.run(["requests", "--to-review", "--pending"], reviewer);
    expect(both.code).toBe(2);
  });
});

describe("a request that was left behind", () => {
  it("is waited for, and its way in is collected once", async () => {
    const id = await ask();
    const early = await bed.run(["collect", id]);
    expect([early.code, early.stdout]).toEqual([4, ""]);
    expect(early.stderr).toContain(`request ${id} waits for support-leads`);
    const waiting = bed.start(["wait", id]);
    await waiting.says("waits for support-leads");
    await approve(id);
    const waited = await waiting.done;
    expect(waited.code).toBe(0);
    expect(waited.stderr).toMatch(/request req_\w+ is approved: grant gr_\w+\n$/);
    expect(waited.stdout).toBe("");
    const collected = await bed.run(["collect", id]);
    expect(collected.stdout).toMatch(/^grant gr_\w+: orders-db\/refund-order for /);
    expect(collected.stdout).toMatch(/^export PGPASSWORD=[0-9a-z]{32}$/m);
    const again = await bed.run(["collect", id]);
    expect(again.code).not.toBe(0);
    expect(again.stdout).toBe("");
    expect(again.stderr).toContain("hint: ");
  });

  it.each([
    ["request --wait", () => ["request", "orders-db/refund-order", "--reason", "TICKET-1", "--wait"]],
    ["wait", async () => ["wait", await ask()]],
  ])("still waits when Ctrl-C ends %s, which says how to pick it up", async (_, make) => {
    const waiting = bed.start(await make());
    await waiting.says("waits for support-leads");
    const id = nameOfLatest();
    waiting.kill("SIGINT");
    const { code, stderr } = await waiting.done;
    expect(code).toBe(130);
    expect(stderr).toContain(`request ${id} still waits for support-leads\nmayfly: it times out at `);
    expect(stderr).toContain(`hint: to pick it up, run mayfly wait ${id}\n`);
    expect(stderr).toContain(`hint: to take it back, run mayfly withdraw ${id}\n`);
    expect(bed.all.grants.store.requests.get(id)?.state).toBe("pending");
  });

  it("gives its way in as lines that a shell evaluates, by the grant's name too", async () => {
    const id = await ask();
    await approve(id);
    const grant = [...bed.all.grants.store.grants.keys()].at(-1) ?? "";
    const ran = await bed.run(["env", grant]);
    expect(ran.code).toBe(0);
    for (const line of ran.stdout.trimEnd().split("\n")) expect(line).toMatch(/^export [A-Z_]+='?[^\n]*$/);
    expect(ran.stdout).toContain(`export MAYFLY_GRANT=${grant}\n`);
    expect(ran.stderr).toContain(`release it: mayfly release ${grant}`);
  });

  it("is withdrawn", async () => {
    const id = await ask();
    expect((await bed.run(["withdraw", id])).stderr).toBe(`request ${id} is withdrawn\n`);
    for (const command of ["wait", "collect", "env"]) {
      const ran = await bed.run([command, id]);
      expect([ran.code, ran.stdout]).toEqual([1, ""]);
      expect(ran.stderr).toContain(`request ${id} was withdrawn`);
    }
  });

  it("is listed, and shown by status beside the grants that live", async () => {
    expect((await bed.run(["requests"])).stderr).toBe("There are no requests.\n");
    const id = await ask();
    const listed = await bed.run(["requests", "--pending"]);
    expect(listed.stdout).toMatch(/^REQUEST +STATE +RISK +OPERATIONS +WAITS UNTIL +REASON$/m);
    expect(listed.stdout).toMatch(
      new RegExp(`^${id} +pending +high +orders-db/refund-order .*TICKET-1$`, "m"),
    );
    expect((await bed.run(["request", "orders-db/read-orders", "--reason", "TICKET-2"])).code).toBe(0);
    const [grant] = bed.all.grants.store.grants.keys();
    const { stdout } = await bed.run(["status"]);
    expect(stdout).toContain(`gateway   ${bed.url}\nyou       support-bot (agent`);
    expect(stdout).toMatch(new RegExp(`^${grant} +orders-db/read-orders +in \\d`, "m"));
    expect(stdout).toMatch(new RegExp(`^${id} +high +orders-db/refund-order +`, "m"));
    expect(JSON.parse((await bed.run(["status", "--json"])).stdout)).toMatchObject({
      grants: [{ id: grant }],
      requests: [{ id }],
      lockdown: { locked: false },
    });
  });
});

it("is watched on paper as looks with their times, and only what has changed", async () => {
  const watching = bed.start(["requests", "--watch", "200ms"]);
  await watching.says("There are no requests.");
  const id = await ask();
  await watching.says(id);
  watching.kill("SIGINT");
  const { code, stdout } = await watching.done;
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      String.raw`^\d{4}-\d\d-\d\d [\d:]{8} UTC\n\n\d{4}-\d\d-\d\d [\d:]{8} UTC\nREQUEST .*\n${id} [^\n]*\n$`,
    ),
  );
});

it.each(["collect", "env"])("%s takes nothing but a request or a grant", async (command) => {
  const ran = await bed.run([command, "orders-db"]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain("'orders-db' is not a request or a grant. Give req_");
});
