// tier: full
import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

// An emergency, and somebody's look at it afterwards, by the commands.

let world: World;
beforeAll(async () => {
  world = await startWorld({ store: "postgres" });
});
afterAll(() => world?.stop());

interface Said {
  readonly status: number | null;
  readonly said: string;
}

const reason = "INC-9: refunds of today booked twice";

/** Runs the command. Not in one call that waits: the provider that the gateway asks is in this process. */
function mayfly(token: string, ...args: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [path.join(root, "packages/cli/bin/mayfly.js"), ...args], {
    env: {
      ...process.env,
      MAYFLY_URL: world.gateway.url,
      MAYFLY_CA: world.gateway.caFile,
      MAYFLY_TOKEN: token,
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, said })));
}

/** Takes access by breaking glass. */
async function breakGlass(): Promise<{ readonly id: string; readonly grant: { readonly id: string } }> {
  const asked = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["refund-order"],
    reason,
    break_glass: true,
  });
  return asked.body as Awaited<ReturnType<typeof breakGlass>>;
}

test("reviewers of what was taken find it and review it; the agent's owner among them is told of nothing", async () => {
  const { id, grant } = await breakGlass();
  const review = ["review", id, "--note", "as told"];
  expect((await mayfly(await world.agentToken(), "release", grant.id)).status).toBe(0);
  const rosa = await world.personToken("rosa@example.com");
  const owner = await world.personToken("owner@example.com");
  const toReview = await mayfly(rosa, "requests", "--to-review");
  expect(toReview.said).toContain(reason);
  expect(toReview.said).toContain(`hint: mayfly show ${id}, then mayfly review ${id}`);
  expect(await mayfly(owner, "requests", "--to-review")).toEqual({
    status: 0,
    said: "There are no emergencies to review.\n",
  });
  expect((await mayfly(rosa, "show", id)).said).toMatch(/^done {6}0 acts, 0 denied {2}released: /m);
  const unknown = await mayfly(owner, ...review.with(1, "req_0000000000000000"));
  expect(unknown.status).toBe(1);
  expect((await mayfly(owner, ...review)).said.replaceAll(id, "req_0000000000000000")).toBe(unknown.said);
  expect((await mayfly(rosa, ...review)).status).toBe(0);
  expect((await mayfly(rosa, "requests", "--to-review")).said).toBe("There are no emergencies to review.\n");
});

test("an operator reviews an emergency once it is over; the requester, and a second time, are refused", async () => {
  const agent = await world.agentToken();
  const operator = await world.personToken("olga@example.com");
  const { id, grant } = await breakGlass();
  const review = ["review", id, "--note", "only the double refunds"];
  expect(await mayfly(operator, ...review)).toMatchObject({
    status: 1,
    said: expect.stringContaining("still active"),
  });
  expect((await mayfly(agent, "release", grant.id)).status).toBe(0);
  expect((await mayfly(operator, "show", id)).said).toContain(
    `reviewed  by nobody yet: mayfly review ${id} --note`,
  );

  expect((await mayfly(agent, ...review)).status).toBe(3);
  expect(await mayfly(operator, ...review)).toEqual({ status: 0, said: `request ${id} is reviewed\n` });
  const shown = (await mayfly(operator, "show", id)).said;
  expect(shown).toMatch(/^reviewed {2}by olga@example\.com .*: only the double refunds$/m);
  expect(await mayfly(operator, ...review)).toMatchObject({
    status: 1,
    said: expect.stringContaining("you have reviewed this before"),
  });
  expect((await mayfly(agent, "show", id)).said).not.toContain("double refunds");

  const found = (await mayfly(operator, "audit", "search", "--type", "break_glass.reviewed")).said;
  expect(found).toContain("olga@example.com");
  expect(found).toContain("only the double refunds");
  // The gateway takes its store and its log up as they are.
  await world.gateway.stop();
  await world.restart();
  expect((await mayfly(operator, "show", id)).said).toContain("only the double refunds");
  await world.gateway.stop();
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});
