// tier: full
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatProblem, readOutside, segmentsOf, verifyLog } from "@mayfly/audit-verifier";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { CheckpointDestination } from "../../kernel/checkpoint-settings.ts";
import { Secret } from "../../kernel/secret.ts";
import type { OpenedAuditLog } from "../opened.ts";
import { openTestLog, testFolders, writeActs } from "../testing/log.ts";
import { createProver } from "../tree/proofs.ts";
import { startLeaving, type Leaving } from "./leaving.ts";
import { startS3, startServer, type S3Server, type TestServer } from "./testing/servers.ts";
import { startWitnessStandIn, type WitnessStandIn } from "./testing/witness-stand-in.ts";

// Every kind of destination at once: what each holds finds the tail that was cut.

const origin = "gateway.test";
const secrets = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "hunter2" };
const folders = testFolders();
let place = "";
let witness: WitnessStandIn;
let s3: S3Server;
let hook: TestServer;
const posted: string[] = [];
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "mf-"));
  for (const name of ["folder", "cosigned"]) mkdirSync(join(place, name));
  witness = await startWitnessStandIn();
  s3 = await startS3(secrets);
  hook = await startServer((_request, response, body) => {
    posted.push(body);
    response.writeHead(204).end();
  });
});
afterAll(async () => {
  await Promise.all([witness.close(), s3.close(), hook.close()]);
  rmSync(place, { recursive: true });
});
afterEach(() => folders.removeAll());

function destinations(): readonly CheckpointDestination[] {
  return [
    { name: "disk", kind: "file", path: join(place, "file") },
    { name: "folder", kind: "folder", path: join(place, "folder") },
    { name: "hook", kind: "webhook", url: hook.url, headers: new Map() },
    {
      name: "bucket",
      kind: "s3",
      endpoint: s3.url,
      region: "us-east-1",
      bucket: "checkpoints",
      prefix: "",
      accessKeyId: new Secret(secrets.accessKeyId),
      secretAccessKey: new Secret(secrets.secretAccessKey),
    },
    { name: "witness", kind: "witness", url: witness.url, key: witness.key },
  ];
}

const said: string[] = [];

async function run(folder: string, act: (opened: OpenedAuditLog, leaving: Leaving) => Promise<void>) {
  const clock = fakeClock();
  const leaving = startLeaving({
    settings: { every: 1000, to: destinations() },
    origin,
    cosigned: join(place, "cosigned"),
    clock,
    prover: createProver(folder),
    onProblem: (destination, problem) => said.push(`${destination}: ${problem}`),
    onRecovered: () => undefined,
  });
  const opened = await openTestLog(folder, { onCheckpoint: (newest) => leaving.offer(newest) });
  try {
    await act(opened, leaving);
  } finally {
    await opened.log.close();
    await leaving.stop();
  }
}

/** What was kept outside, and how many notes of it there are. */
function outside(): Readonly<Record<string, readonly { note: string; from: string }[]>> {
  const bucket = join(place, "bucket-copy");
  rmSync(bucket, { recursive: true, force: true });
  for (const [path, body] of s3.objects) {
    mkdirSync(join(bucket, path, ".."), { recursive: true });
    writeFileSync(join(bucket, path), body);
  }
  const hooked = join(place, "posted");
  writeFileSync(hooked, posted.map((note) => `${note}\n`).join(""));
  return Object.fromEntries(
    [join(place, "file"), join(place, "folder"), bucket, hooked, join(place, "cosigned", "witness.txt")].map(
      (path) => [path, readOutside(path)],
    ),
  );
}

/** Takes the last records away, and every checkpoint of more: what is left verifies by itself. */
function cutTail(folder: string, keep: number): void {
  const [segment] = segmentsOf(folder);
  if (segment === undefined) throw new Error("there is no file of records");
  const file = join(folder, segment.file);
  const lines = readFileSync(file, "utf8").split("\n").slice(0, keep);
  writeFileSync(file, `${lines.join("\n")}\n`);
  const path = join(folder, "checkpoints.txt");
  const entries = readFileSync(path, "utf8").split(/(?<=\n\n)(?=gateway)/);
  writeFileSync(path, entries.filter((note) => Number(note.split("\n")[1]) <= keep).join(""));
  rmSync(join(folder, "tree.json"), { force: true });
}

test("what each destination holds verifies the log, and finds the tail that was cut", async () => {
  const folder = folders.make();
  await run(folder, async (opened) => {
    witness.addKey(origin, opened.verifierKey);
    writeActs(opened, 300);
    await opened.checkpointNow();
  });
  const middle = verifyLog(folder, [readFileSync(join(folder, "log.vkey"), "utf8").trim()]).records;
  await run(folder, async (opened) => writeActs(opened, 200));
  expect(said).toEqual([]);

  const keys = [readFileSync(join(folder, "log.vkey"), "utf8").trim()];
  const cut = folders.copy(folder);
  cutTail(cut, middle);
  expect(verifyLog(cut, keys)).toMatchObject({ verdict: "whole", records: middle });
  const kept = outside();
  expect(Object.keys(kept)).toHaveLength(5);
  for (const [path, witnessed] of Object.entries(kept)) {
    expect(witnessed.length, path).toBeGreaterThan(1);
    expect(verifyLog(folder, keys, { witnessed })).toMatchObject({ verdict: "whole", problemCount: 0 });
    const found = verifyLog(cut, keys, { witnessed });
    expect(found.problems.map(formatProblem).join("\n"), path).toContain(
      `the log holds ${middle} records, fewer than the ${verifyLog(folder, keys).records} of the checkpoint kept outside: it shrank`,
    );
  }
});

test("what left carries the witness's cosignature, and the verifier asks for it by the witness's key", () => {
  const kept = outside();
  for (const [path, witnessed] of Object.entries(kept)) {
    const last = witnessed.at(-1)?.note ?? "";
    expect(
      last.split("\n").filter((line) => line.startsWith("— witness.test/w1 ")),
      path,
    ).toHaveLength(1);
  }
});

test("a log that was written anew from the middle on is not cosigned, and says which size was seen", async () => {
  const folder = folders.make();
  said.length = 0;
  await run(folder, async (opened) => {
    witness.addKey(origin, opened.verifierKey);
    writeActs(opened, 10);
    await opened.checkpointNow();
  });
  expect(said[0]).toMatch(
    /^witness: has seen \d+ records of this log, which holds \d+: records are missing here/,
  );
});

test("a new key is refused by the witness until its operator adds it, and then goes on with the same log", async () => {
  const folder = folders.make();
  const cosigned = join(place, "cosigned", "witness.txt");
  rmSync(cosigned, { force: true });
  said.length = 0;
  const clock = fakeClock();
  const leaving = startLeaving({
    settings: { every: 1000, to: destinations().filter(({ kind }) => kind === "witness") },
    origin: "rotated.test",
    cosigned: join(place, "cosigned"),
    clock,
    prover: createProver(folder),
    onProblem: (destination, problem) => said.push(`${destination}: ${problem}`),
    onRecovered: (destination) => said.push(`${destination} is back`),
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    // Slowly: what runs for real has its time on this clock.
    for (; !isSo(); clock.advance(200)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const opened = await openTestLog(folder, {
    name: "rotated.test",
    onCheckpoint: (newest) => leaving.offer(newest),
  });
  const first = opened.verifierKey;
  witness.addKey("rotated.test", first);
  await until(() => (leaving.states()[0]?.delivered ?? 0) > 0);
  said.length = 0;
  await opened.rotateKey();
  writeActs(opened, 3);
  await opened.checkpointNow();
  await until(() => said.length > 0);
  expect(said.at(-1)).toBe(
    "witness: knows this log, and not the key that signed: have the log's newest key added there",
  );
  const keys = readFileSync(join(folder, "log.vkey"), "utf8").trim().split("\n");
  witness.addKey("rotated.test", keys.at(-1) ?? "");
  await until(() => leaving.states()[0]?.isUp === true);
  await opened.log.close();
  await leaving.stop();
  const report = verifyLog(folder, [first], {
    witnessed: readOutside(cosigned),
    witnesses: [witness.key],
  });
  expect(report).toMatchObject({ verdict: "whole", problemCount: 0 });
  expect(report.cosigned).toMatchObject([{ witness: "witness.test/w1", records: report.records }]);
});
