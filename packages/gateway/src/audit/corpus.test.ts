import { generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkpointsFile,
  makeCheckpoint,
  parsePrivateKey,
  payloadPath,
  payloadReferences,
  signNote,
  verifyLog,
  type VerifyReport,
} from "@mayfly/audit-verifier";
import { afterAll, beforeAll, expect, test } from "vitest";
import corpus from "../../../../tests/corpus/audit.json" with { type: "json" };
import { openTestLog, recordsIn, testFolders, writeActs } from "./testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** A log with payloads and checkpoints, its key, and a checkpoint that somebody outside keeps. */
let whole: string;
let yesterday: string;
let key: string;
let witnessed: string;
beforeAll(async () => {
  whole = folders.make();
  const opened = await openTestLog(whole);
  key = opened.verifierKey;
  writeActs(opened, 5);
  await opened.checkpointNow();
  yesterday = folders.copy(whole);
  writeActs(opened, 5, "x".repeat(50_000));
  await opened.log.close();
  witnessed = opened.checkpoint()!;
});

const records = "records/000000000000.jsonl";

function altered(change: (lines: string[]) => string[]): string {
  const folder = folders.copy(whole);
  const path = join(folder, records);
  writeFileSync(path, change(readFileSync(path, "utf8").split("\n")).join("\n"));
  return folder;
}

function verify(folder: string): VerifyReport {
  return verifyLog(folder, [key], { witnessed: [{ note: witnessed, from: "outside.txt" }] });
}

/** Adds an entry to the checkpoints that whoever has the log's own key could sign. */
function withCheckpoint(make: (head: { size: number; root: Buffer }, folder: string) => string): string {
  const folder = folders.copy(whole);
  const [, size, root] = witnessed.split("\n");
  const entry = make({ size: Number(size), root: Buffer.from(root!, "base64") }, folder);
  writeFileSync(join(folder, checkpointsFile), `${entry}\n`, { flag: "a" });
  return folder;
}

async function rotated(isAnnounced: boolean): Promise<string> {
  const folder = folders.copy(whole);
  for (let i = 0; i < 2; i++) {
    const opened = await openTestLog(folder);
    writeActs(opened, 2);
    if (isAnnounced) await opened.rotateKey();
    else await opened.checkpointNow();
    writeActs(opened, 2);
    await opened.log.close();
    if (!isAnnounced) {
      // Whoever controls the gateway puts another key in the place of the old one.
      for (const file of ["key.pem", "log.vkey"]) rmSync(join(folder, file));
      const other = await openTestLog(folders.make());
      await other.log.close();
      for (const file of ["key.pem", "log.vkey"])
        writeFileSync(join(folder, file), readFileSync(join(other.folder, file)));
      const { privateKey } = generateKeyPairSync("ed25519");
      const newest = readFileSync(join(folder, checkpointsFile), "utf8").trim().split("\n\n").at(-2)!;
      const [name, size, root] = newest.split("\n");
      const note = makeCheckpoint({ origin: name!, size: Number(size), root: Buffer.from(root!, "base64") }, [
        { name: name!, key: privateKey },
      ]);
      writeFileSync(join(folder, checkpointsFile), `${note}\n`, { flag: "a" });
      return folder;
    }
  }
  return folder;
}

/** One row a case: the attack, and what the report must say. */
const rows: Record<string, { attack: () => string | Promise<string>; says: RegExp | undefined }> = {
  "aud-tamper-01": {
    attack: () => altered((lines) => lines.with(2, lines[2]!.replace("select 1", "select 2"))),
    says: /do not match/,
  },
  "aud-tamper-03": {
    attack: () => altered((lines) => lines.with(1, lines[2]!).with(2, lines[1]!)),
    says: /jsonl:2: expected record 1, found record 2/,
  },
  "aud-tamper-05": {
    attack: () => folders.copy(yesterday),
    says: /fewer than the \d+ of .*outside: it shrank/,
  },
  "aud-tamper-09": { attack: () => rotated(false), says: /signed by an unknown key/ },
  "aud-tamper-10": {
    attack: () =>
      withCheckpoint(({ size, root }, folder) => {
        const signer = {
          name: "gateway.test",
          key: parsePrivateKey(readFileSync(join(folder, "key.pem"), "utf8")),
        };
        return signNote(`gateway.test\n${size}\n${root.toString("base64")}\nextension\n`, [signer]);
      }),
    says: /no further line/,
  },
  "aud-tamper-11": {
    attack: () => altered((lines) => lines.with(2, lines[2]!.replace("select 1", "x".repeat(70_000)))),
    says: /at most 65535/,
  },
  "aud-tamper-12": {
    attack: () => {
      const folder = folders.copy(whole);
      const [reference] = recordsIn(folder).flatMap(({ detail }) => payloadReferences(detail));
      rmSync(join(folder, payloadPath(reference!.payload)));
      return folder;
    },
    says: /was erased/,
  },
  // A million records: see verify-million.integration.test.ts.
  "aud-ok-01": { attack: () => whole, says: undefined },
  "aud-ok-02": { attack: () => rotated(true), says: undefined },
};

test("every case of the corpus has a row, and every row a case", () => {
  expect(Object.keys(rows).toSorted()).toEqual(corpus.map(({ id }) => id).toSorted());
});

test.each(corpus)("$id: $payload", async ({ id, expected }) => {
  const { attack, says } = rows[id]!;
  const report = verify(await attack());
  expect(report.verdict === "whole" ? "allow" : "deny").toBe(expected);
  const said = [...report.problems, ...report.missingPayloads].map(
    ({ file, line, message }) => `${file}:${line}: ${message}`,
  );
  expect(said.join("\n")).toMatch(says ?? /^$/);
  // Erased is not tampered.
  expect(report.verdict === "incomplete").toBe(id === "aud-tamper-12");
});

test("a trailing byte after a checkpoint is not passed over", () => {
  expect(verify(withCheckpoint(() => `${witnessed}x\n`)).verdict).toBe("broken");
  // Without an end it may be a checkpoint that is being written; that is said.
  expect(verify(withCheckpoint(() => `${witnessed}x`)).notes).toMatchObject([{ file: checkpointsFile }]);
});
