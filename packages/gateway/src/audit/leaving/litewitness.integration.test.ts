// tier: full
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cosignaturesOf, parseNote, parseWitnessKey } from "@mayfly/audit-verifier";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openTestLog, testFolders, writeActs } from "../testing/log.ts";
import { createProver } from "../tree/proofs.ts";
import { startLiteWitness, type LiteWitness } from "./testing/litewitness.ts";

// A witness of others (in Go, with the Go project's own tree and note code) judges our checkpoints and our proofs.

const origin = "gateway.test";
const folders = testFolders();
let place = "";
let witness: LiteWitness | undefined;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "mf-"));
  witness = await startLiteWitness(place);
});
afterAll(async () => {
  await witness?.stop();
  rmSync(place, { recursive: true });
});
afterEach(() => folders.removeAll());

/** What it answers: `taken` where it broke off, see `LiteWitness`, or cosigned. */
async function submit(old: number, proof: readonly string[], note: string): Promise<number | "taken"> {
  const body = [`old ${old}`, ...proof, "", note].join("\n");
  let answer: Response;
  try {
    answer = await fetch(`${witness?.url}/add-checkpoint`, { method: "POST", body });
  } catch {
    return "taken";
  }
  if (answer.status !== 200) return answer.status;
  const cosigned = parseNote(note + (await answer.text()));
  return cosignaturesOf(cosigned, [parseWitnessKey(witness?.key ?? "")]).length === 1 ? "taken" : 200;
}

test("litewitness takes the proof from every earlier size on, and no other", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  witness?.addLog(origin, opened.verifierKey);
  const prover = createProver(folder);
  const never = new AbortController().signal;
  const heads = new Map<number, string>();
  const checkpoint = async (): Promise<{ note: string; size: number; root: string }> => {
    await opened.checkpointNow();
    const note = opened.checkpoint() ?? "";
    const [, size = "", root = ""] = note.split("\n");
    heads.set(Number(size), root);
    return { note, size: Number(size), root };
  };
  await checkpoint();
  // Across the width of a block, 256, and back into single records.
  for (const acts of [1, 1, 2, 60, 61, 130, 3]) {
    writeActs(opened, acts);
    await checkpoint();
  }
  const { note, size: newest } = await checkpoint();
  expect(newest).toBeGreaterThan(500);
  for (const [old, root] of [...heads].filter(([size]) => size > 0)) {
    witness?.hasSeen(origin, old, root);
    const proof = await prover.proveGrowth(note, old, never);
    expect(await submit(old, proof, note), `from ${old}`).toBe("taken");
    witness?.hasSeen(origin, old, Buffer.alloc(32, 7).toString("base64"));
    expect(await submit(old, proof, note), `another log, from ${old}`).toBe(422);
  }
  witness?.hasSeen(origin, 1, heads.get(1) ?? "");
  expect(await submit(0, [], note)).toBe(409);
  await prover.close();
  await opened.log.close();
});
