import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeCheckpoint } from "./checkpoint.ts";
import { checkpointJudge } from "./checkpoint-judge.ts";
import { checkpointsFile } from "./folder.ts";
import type { RecordLine } from "./line.ts";
import { addLeaf, emptyTree, leafHash, rootOf } from "./merkle.ts";
import { verifierKeyOf } from "./note.ts";
import type { OutsideNote } from "./outside.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-judge-"));
writeFileSync(join(folder, checkpointsFile), "");
afterAll(() => rmSync(folder, { recursive: true }));

const RECORDS = 10;
const log = generateKeyPairSync("ed25519").privateKey;
const logKey = verifierKeyOf("log", log).text;
const leaf = (record: number): Buffer => leafHash(Buffer.from(`record ${record}`));

/** The root after so many records. */
function rootAt(size: number): Buffer {
  const tree = emptyTree();
  for (let record = 0; record < size; record += 1) addLeaf(tree, leaf(record));
  return rootOf(tree);
}

const noteOf = (size: number, root = rootAt(Math.min(size, RECORDS)), key = log): string =>
  makeCheckpoint({ origin: "log", size, root }, [{ name: "log", key }]);

/** What is said of a log of ten records. */
function judged(outside: readonly OutsideNote[], witnesses: readonly string[] = [], announced?: string) {
  const problems: string[] = [];
  const remarks: string[] = [];
  const judge = checkpointJudge(
    folder,
    [logKey],
    Infinity,
    outside,
    ({ message }) => problems.push(message),
    ({ file, line, message }) => remarks.push(`${file}:${line}: ${message}`),
    witnesses,
  );
  const tree = emptyTree();
  for (let record = 0; record < RECORDS; record += 1) {
    addLeaf(tree, leaf(record));
    judge.at(tree, { file: "records", line: record + 1 });
  }
  if (announced !== undefined)
    judge.announced(
      { type: "log.key_rotated", detail: { key: announced } } as unknown as RecordLine,
      undefined,
    );
  judge.end(RECORDS);
  return { problems, remarks, cosigned: judge.cosigned() };
}

const from = "kept";

test("what was unread outside is a problem, what was cut short a note, and a file of another name is said", () => {
  const good = { note: noteOf(5), from: "kept:1" };
  expect(judged([good])).toEqual({ problems: [], remarks: [], cosigned: [] });
  const unread = { note: noteOf(12).replaceAll("\n", "\r\n"), from: "kept:7", flaw: "unread" } as const;
  expect(judged([good, unread]).problems).toEqual([expect.stringContaining("this is no checkpoint")]);
  const cut = { note: noteOf(12).slice(0, 20), from: "kept:7", flaw: "cut short" } as const;
  expect(judged([good, cut])).toMatchObject({
    problems: [],
    remarks: [expect.stringMatching(/^kept:7: a checkpoint was cut short/)],
  });
  const other = { note: "", from: "kept/x.txt", flaw: "other name" } as const;
  expect(judged([good, other])).toMatchObject({
    problems: [],
    remarks: [expect.stringContaining("it was not read")],
  });
  expect(judged([good, ...Array.from({ length: 40 }, () => other)]).remarks).toHaveLength(11);
});

const witness = generateKeyPairSync("ed25519").privateKey;

/** A witness's key and its cosignature (C2SP tlog-cosignature), from the specification alone. */
function cosignerOf(key: KeyObject, name = "witness.test/w1") {
  const publicKey = Buffer.from(String(key.export({ format: "jwk" }).x), "base64url");
  const tagged = Buffer.concat([Buffer.of(4), publicKey]);
  const id = createHash("sha256").update(`${name}\n`).update(tagged).digest().subarray(0, 4);
  return {
    key: `${name}+${id.toString("hex")}+${tagged.toString("base64")}`,
    cosign(note: string, time: number): string {
      const text = note.slice(0, note.indexOf("\n\n") + 1);
      const stamp = Buffer.alloc(8);
      stamp.writeBigUInt64BE(BigInt(time));
      const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), key);
      return `${note}— ${name} ${Buffer.concat([id, stamp, signature]).toString("base64")}\n`;
    },
  };
}

const { key: witnessKey, cosign } = cosignerOf(witness);

test("a witness that is named twice counts once", () => {
  const outside = [{ note: cosign(noteOf(5), 1_700_000_000), from }];
  expect(judged(outside, [witnessKey, witnessKey])).toEqual({
    problems: [],
    remarks: [],
    cosigned: [{ witness: "witness.test/w1", records: 5, time: "2023-11-14T22:13:20.000Z" }],
  });
});

test("the log's own key is no witness's, under whatever name, nor is a key that the log announces", () => {
  const own = cosignerOf(log);
  const outside = [{ note: own.cosign(noteOf(5), 1_700_000_000), from }];
  expect(() => judged(outside, [own.key])).toThrow("is the log's own key, and no witness's");
  const announced = verifierKeyOf("log", witness).text;
  const cosigned = [{ note: cosign(noteOf(5), 1_700_000_000), from }];
  expect(judged(cosigned, [witnessKey]).problems).toEqual([]);
  expect(judged(cosigned, [witnessKey], announced).problems).toEqual([
    expect.stringContaining("is the log's own key, and no witness's"),
  ]);
});

test("a cosignature of a time that no date reaches is a problem in words", () => {
  const of = (time: number) => judged([{ note: cosign(noteOf(5), time), from }], [witnessKey]);
  expect(of(8_640_000_000_000)).toMatchObject({
    problems: [],
    cosigned: [{ time: "+275760-09-13T00:00:00.000Z" }],
  });
  for (const time of [8_640_000_000_001, Number.MAX_SAFE_INTEGER])
    expect(of(time)).toMatchObject({
      problems: [expect.stringContaining("of a time that no date reaches"), expect.anything()],
      cosigned: [],
    });
});

test("a checkpoint of nothing is judged as well", () => {
  const other = generateKeyPairSync("ed25519").privateKey;
  expect(judged([{ note: noteOf(0), from }]).problems).toEqual([]);
  expect(judged([{ note: noteOf(0, Buffer.alloc(32)), from }]).problems).toEqual([
    expect.stringContaining("do not match the checkpoint kept outside of 0 records"),
  ]);
  expect(judged([{ note: noteOf(0, rootAt(0), other), from }]).problems).toEqual([
    expect.stringContaining("unknown key"),
  ]);
  expect(judged([{ note: cosign(noteOf(0), 1_700_000_000), from }], [witnessKey]).cosigned).toMatchObject([
    { records: 0 },
  ]);
});
