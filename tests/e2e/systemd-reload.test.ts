// tier: full
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// `systemctl reload mayflyd`: systemd runs the unit's ExecReload lines one after the other, and the first that fails fails
// the reload.

let world: World;
beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
});
afterAll(() => world?.stop());

const commands = readFileSync(path.join(root, "deploy/systemd/mayflyd.service"), "utf8")
  .split("\n")
  .flatMap((line) => /^ExecReload=(.*)/.exec(line)?.[1] ?? []);

function reload(environment: Readonly<Record<string, string>> = {}): {
  readonly code: number | null;
  readonly said: string;
} {
  let said = "";
  for (const command of commands) {
    const here = command
      .replace("/opt/mayfly/node_modules/.bin/node", process.execPath)
      .replace("/opt/mayfly/node_modules/mayflyd", path.join(root, "packages/gateway"))
      .replace("/etc/mayfly/mayfly.yaml", world.file)
      .replace("$MAINPID", String(world.gateway.pid));
    const ran = spawnSync("/bin/sh", ["-c", here], {
      encoding: "utf8",
      env: { ...process.env, ...world.environment, ...environment },
    });
    said += ran.stdout + ran.stderr;
    if (ran.status !== 0) return { code: ran.status, said };
  }
  return { code: 0, said };
}

const lines = (message: string): readonly Record<string, unknown>[] =>
  world.gateway.lines.filter(({ msg }) => msg === message);
const REFUSED = "configuration refused; the running one is untouched";

test("a good file is adopted", async () => {
  await world.edit((text) => text.replace("tables: { public.orders: all,", "tables: { public.orders: [id],"));
  expect(reload()).toEqual({ code: 0, said: expect.stringContaining(`${world.file} is good`) });
  expect(await world.gateway.line("configuration adopted")).toMatchObject({
    changes: [expect.stringContaining("orders-db/read-orders")],
  });
});

test("a file that is refused fails the reload, which says why, and the gateway is not told", async () => {
  let good = "";
  await world.edit((text) => {
    good = text;
    return `${text}nonsense: true\nfolly: true\n`;
  });
  const { code, said } = reload();
  expect(code).toBe(1);
  expect(said).toMatch(/mayfly\.yaml:\d+:1: nonsense is not known here\n {2}hint: /);
  await world.edit(() => good);
  // What the file names is read from where the service has it.
  const unset = reload({ ORDERS_DB_PASSWORD: "" });
  expect([unset.code, unset.said]).toEqual([1, expect.stringContaining("ORDERS_DB_PASSWORD")]);
  // A signal would have been heard of by the time that the next one is.
  const before = lines("configuration adopted").length;
  expect(reload().code).toBe(0);
  await expect.poll(() => lines("configuration adopted").length).toBe(before + 1);
  expect(lines(REFUSED)).toEqual([]);
});

test("what the gateway refuses itself is in its log and its record, a line for each problem", async () => {
  await world.edit((text) => `${text}nonsense: true\nfolly: true\n`);
  world.gateway.signal("SIGHUP");
  const { why } = await world.gateway.line(REFUSED);
  const problems = ["nonsense", "folly"].map(
    (name) =>
      expect.stringMatching(
        new RegExp(`^\\S+mayfly\\.yaml:\\d+:1: ${name} is not known here; hint: [^\\n]*$`),
      ) as string,
  );
  expect(why).toEqual(problems);
  const auditor = await world.personToken("ada@example.com");
  const found = await call(world.gateway, auditor, "GET", "/v1/audit/records?type=configuration.refused");
  expect(found.body).toMatchObject({ records: [{ detail: { problems: 2, why: problems } }] });
});
