// tier: full
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { makeEmptyLog } from "@mayfly/testing/audit-log.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { openAtBoth, workerLogFolder } from "@mayfly/testing/workers.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// `mayflyd serve --workers 2`: one search over the logs of both workers, and one signed list of them.

let world: World;
let scratch: string;

beforeAll(async () => {
  world = await startWorld({ store: "postgres", serve: ["--workers", "2"] });
  scratch = path.join(world.folder, "auditor");
});
afterAll(() => world?.stop());

async function asOperator(what: string): Promise<unknown> {
  const { status, body } = await call(
    world.gateway,
    await world.personToken("olga@example.com"),
    "GET",
    what,
  );
  expect(status).toBe(200);
  return body;
}

/** Runs the auditor's command. */
function verify(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const bin = path.join(root, "packages/cli/bin/mayfly.js");
  const ran = spawnSync(process.execPath, [bin, "audit", "verify", ...args], { encoding: "utf8" });
  return { status: ran.status, said: ran.stdout + ran.stderr };
}

interface Listed {
  readonly logs: readonly {
    readonly name: string;
    readonly key: string;
    readonly state: string;
    readonly covered?: number;
  }[];
  readonly note: string;
  readonly key: string;
}

/** The workers in whose logs a search finds what was done there. */
async function workersThatTell(): Promise<readonly number[]> {
  const { records } = (await asOperator("/v1/audit/records?type=act.intent&text=orders")) as {
    readonly records: readonly { readonly log: string; readonly detail: unknown }[];
  };
  return [1, 2].filter((worker) =>
    JSON.stringify(records.filter(({ log }) => log.endsWith(`-${worker}`))).includes(`520${worker}`),
  );
}

test("whichever worker answers, a search finds what each did", async () => {
  const token = await world.agentToken();
  const sessions = await openAtBoth(
    world,
    await getAccess(world.gateway, token, "orders-db", ["read-orders"]),
  );
  for (const worker of [1, 2]) {
    const { client } = sessions.find((session) => session.worker === worker) ?? {};
    await client?.query(`select id from orders where id = 520${worker}`);
  }
  for (const { client } of sessions) await client.end();
  // Connections come to either worker by chance.
  for (let look = 0; look < 6; look += 1)
    // A worker hears of one that has just started with its next beat, and reads what the store has of its log until then.
    await expect.poll(() => workersThatTell()).toEqual([1, 2]);
});

test("the list names both, and by it alone each log is verified; a swapped key and a hidden log are found", async () => {
  let listed: Listed = { logs: [], note: "", key: "" };
  // The first worker hears of the second with its next beat: until then its log is one that nobody writes.
  await expect
    .poll(async () => {
      listed = (await asOperator("/v1/audit/logs")) as Listed;
      return listed.logs.map(({ state }) => state);
    })
    .toEqual(["writing", "writing"]);
  const { logs, note, key } = listed;
  const signer = note.split("\n")[1];
  expect(key.startsWith(`${signer}+`)).toBe(true);
  expect(logs.map(({ name }) => name)).toContain(signer);
  await world.gateway.stop("SIGTERM");

  const folders = [1, 2].map((worker) => path.join(scratch, `log-${worker}`));
  for (const [at, folder] of folders.entries())
    cpSync(workerLogFolder(world, at + 1), folder, { recursive: true });
  const [one = "", two = ""] = folders;

  // The folder of both is none to verify: it says how, and what it says works.
  const parent = verify(path.dirname(workerLogFolder(world, 1)), "--key", key);
  expect(parent.status).toBe(2);
  expect(parent.said).toContain("is no audit log: it holds those of worker-1, worker-2");
  const commands = [...parent.said.matchAll(/^ {2}mayfly audit verify (\S+) --key (\S+)$/gm)];
  expect(commands).toHaveLength(2);
  for (const [, log = "", vkey = ""] of commands)
    expect(verify(log, "--key", vkey)).toMatchObject({ status: 0, said: expect.stringContaining("whole: ") });

  const file = path.join(scratch, "logs.note");
  writeFileSync(file, note);
  const byList = (...those: readonly string[]): ReturnType<typeof verify> =>
    verify(...those, "--logs", file, "--key", key);
  const whole = byList(one, two);
  expect(whole.said).toMatch(/\nwhole: 2 logs in the list that \S+ signed at /);
  expect(whole.status).toBe(0);

  const part = byList(one);
  expect(part.said).toMatch(/none of the folders holds it/);
  expect(part.status).not.toBe(0);

  // Another log of the name, with a key of its own, in the place of the second.
  const name = logs.find(({ key: first }) =>
    readFileSync(path.join(two, "log.vkey"), "utf8").startsWith(first),
  )?.name;
  const swapped = path.join(scratch, "swapped");
  await makeEmptyLog(swapped, name);
  const other = byList(one, swapped);
  expect(other.said).toContain("it is another log, or its key was swapped");
  expect(other.said).toMatch(/\nbroken: /);
  expect(other.status).not.toBe(0);

  // The list with that log taken out of it is not what was signed.
  const without = note.replace(/^(\S+)\+(\S+) \d+ \S+\n/m, "");
  expect(without).not.toBe(note);
  writeFileSync(file, without);
  expect(byList(one, two).said).toMatch(/sign/);
  expect(byList(one, two).status).not.toBe(0);
  writeFileSync(file, note);

  // Records cut off its end are missed by the checkpoint in the list.
  rmSync(path.join(two, "records"), { recursive: true });
  cpSync(path.join(swapped, "records"), path.join(two, "records"), { recursive: true });
  expect(byList(one, two).said).toMatch(/\nbroken: /);
});

test("each log has recorded which logs there were", () => {
  const counts = [1, 2].map((worker) => {
    const text = readFileSync(
      path.join(workerLogFolder(world, worker), "records/000000000000.jsonl"),
      "utf8",
    );
    return text
      .split("\n")
      .filter((line) => line.endsWith('"type":"log.listed"}'))
      .map((line) => (JSON.parse(line) as { detail: { count: number } }).detail.count);
  });
  // The first says what there is when it starts, and looks again every half minute; the second one found it there.
  expect([1, 2]).toContain(counts[0]?.[0]);
  expect(counts[1]).toEqual([2]);
});
