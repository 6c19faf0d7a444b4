import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeLogList, openLogList, verifyLogs } from "./log-list.ts";
import { makeCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { parseVerifierKey, signNote, verifierKeyOf } from "./note.ts";

const keyOf = (): KeyObject => generateKeyPairSync("ed25519").privateKey;
const signer = keyOf();
const own = verifierKeyOf("gateway-1", signer).text;
const other = verifierKeyOf("gateway-2", keyOf()).text;
const checkpoint = makeCheckpoint({ origin: "gateway-1", size: 3, root: new Uint8Array(32) }, [
  { name: "gateway-1", key: signer },
]);
const list = {
  by: "gateway-1",
  time: "2026-11-28T00:00:00.000Z",
  logs: [
    { key: own, records: 4, checkpoint },
    { key: other, records: 0, checkpoint: undefined },
  ],
};

test("a list is read back as it was signed", () => {
  expect(openLogList(makeLogList(list, signer), [own])).toEqual(list);
  expect(openLogList(`${makeLogList(list, signer)}\n\n`, [other, own])).toEqual(list);
});

test.each([
  ["a swapped key", (text: string) => text.replace(other, verifierKeyOf("gateway-2", keyOf()).text)],
  ["a log that is hidden", (text: string) => text.replace(`${other} 0 -\n`, "")],
  ["another size", (text: string) => text.replace(`${own} 4`, `${own} 3`)],
  ["another time", (text: string) => text.replace("2026-11-28", "2026-11-27")],
])("%s after it was signed is refused", (_, change) => {
  const text = makeLogList(list, signer);
  expect(change(text)).not.toBe(text);
  expect(() => openLogList(change(text), [own])).toThrow(/signature|signed/);
});

test("the key of another log signs for none but its own list", () => {
  const stranger = keyOf();
  const theirs = verifierKeyOf("gateway-2", stranger).text;
  expect(() => openLogList(makeLogList(list, signer), [theirs])).toThrow(
    "is not signed by a key of the log gateway-1",
  );
  // Trusted, but not the key of the log that the list says it is of.
  const posing = signNote(makeLogList(list, signer).split("\n\n")[0] + "\n", [
    { name: "gateway-2", key: stranger },
  ]);
  expect(() => openLogList(posing, [theirs])).toThrow("is not signed by a key of the log gateway-1");
});

test("neither a checkpoint nor a list is taken for the other", () => {
  expect(() => openLogList(checkpoint, [own])).toThrow("it is not a list of logs");
  const numbered = verifierKeyOf("7", signer);
  const text = makeLogList({ ...list, by: "7" }, signer);
  expect(() => openCheckpoint(text, [parseVerifierKey(numbered.text)])).toThrow(/line|root|hash|form/);
});

test("a checkpoint that cannot be read is not taken for none", () => {
  const text = `mayfly-logs\ngateway-1\n${list.time}\n${own} 4 AAAAA\n`;
  const note = signNote(text, [{ name: "gateway-1", key: signer }]);
  expect(() => openLogList(note, [own])).toThrow("not in base64");
});

test("a log that is retired after it was signed is refused", () => {
  const text = makeLogList(list, signer);
  expect(() => openLogList(text.replace(`${other} 0 -`, `${other} 0 - retired`), [own])).toThrow(
    /signature|signed/,
  );
});

/** Folders of logs without records, by their first keys. */
function foldersOf(...keys: readonly string[]): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "mayfly-list-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return keys.map((key, at) => {
    const folder = join(root, String(at));
    mkdirSync(join(folder, "records"), { recursive: true });
    writeFileSync(join(folder, "log.vkey"), `${key}\n`);
    return folder;
  });
}

const empty = { ...list, logs: [own, other].map((key) => ({ key, records: 0, checkpoint: undefined })) };
const judged = (folders: readonly string[]) => verifyLogs(makeLogList(empty, signer), [own], folders);

test("a folder a log is whole, given twice or not", () => {
  const [a = "", b = ""] = foldersOf(own, other);
  expect(judged([a, b])).toMatchObject({ verdict: "whole", unlisted: [] });
  expect(judged([a, b, `${b}/`])).toMatchObject({ verdict: "whole", unlisted: [] });
  expect(judged([a])).toMatchObject({ verdict: "incomplete", unlisted: [] });
});

test.each([
  ["a second folder of a listed log", other, "the same key"],
  ["a log that is named like a listed one", verifierKeyOf("gateway-2", keyOf()).text, "another key"],
  ["a log that is not listed", verifierKeyOf("gateway-3", keyOf()).text, "names no such log"],
  ["a folder without a key", "", "names no such log"],
])("%s beside the right ones is broken", (_, key, problem) => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
  ]) {
    const folders = foldersOf(own, other, key);
    const { verdict, unlisted, logs } = judged(order.map((at) => folders[at] ?? ""));
    expect(verdict).toBe("broken");
    expect(unlisted).toHaveLength(1);
    expect(unlisted[0]?.problem).toContain(problem);
    expect(logs.map(({ report }) => report?.verdict)).toEqual(["whole", "whole"]);
  }
});

test("a log in another's place is broken", () => {
  const swapped = verifierKeyOf("gateway-2", keyOf()).text;
  const { verdict, logs } = judged(foldersOf(own, swapped));
  expect(verdict).toBe("broken");
  expect(logs[1]?.problem).toContain("its key was swapped");
});

/** What comes of a list in which some logs are retired. */
const judgedRetired = (retired: readonly string[], folders: readonly string[]) => {
  const logs = empty.logs.map((log) => ({ ...log, isRetired: retired.includes(log.key) }));
  return verifyLogs(makeLogList({ ...empty, logs }, signer), [own], folders);
};

test("a log that the list calls retired is not missing, and no other one is excused", () => {
  const [a = ""] = foldersOf(own);
  const { verdict, logs } = judgedRetired([other], [a]);
  expect(verdict).toBe("whole");
  expect(logs[1]).toEqual({ name: "gateway-2", key: other, retired: 0 });
  expect(judgedRetired([], [a]).verdict).toBe("incomplete");
  // Whoever signs cannot excuse its own.
  const [b = ""] = foldersOf(other);
  expect(judgedRetired([own, other], [b]).verdict).toBe("incomplete");
});

test("the folder of a log that is retired is verified when it is brought", () => {
  const [a = "", b = ""] = foldersOf(own, other);
  expect(judgedRetired([other], [a, b]).logs[1]?.report?.verdict).toBe("whole");
  const logs = empty.logs.map((log) => ({ ...log, records: log.key === other ? 5 : 0, isRetired: true }));
  const short = verifyLogs(makeLogList({ ...empty, logs }, signer), [own], [a, b]);
  expect(short.verdict).toBe("broken");
  expect(short.logs[1]?.problem).toContain("fewer than the 5");
  const swapped = verifierKeyOf("gateway-2", keyOf()).text;
  const [c = "", d = ""] = foldersOf(own, swapped);
  expect(judgedRetired([other], [c, d]).verdict).toBe("broken");
});
