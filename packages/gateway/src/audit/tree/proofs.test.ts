import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { leafHash, openCheckpoint, parseVerifierKey, rootOfProof, segmentsOf } from "@mayfly/audit-verifier";
import { afterAll, describe, expect, it } from "vitest";
import { createLineProver } from "./line-prover.ts";
import { createProver, type Prover } from "./proofs.ts";
import { linesIn, openTestLog, testFolders, writeActs } from "../testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** A log of some records in small files, with a checkpoint over them all. */
async function logOf(acts: number, segmentBytes = 50_000) {
  const folder = folders.make();
  const opened = await openTestLog(folder, { segmentBytes });
  for (let i = 0; i < acts; i += 100) writeActs(opened, Math.min(100, acts - i), `select ${i}`);
  await opened.checkpointNow();
  const note = opened.checkpoint() ?? "";
  const head = openCheckpoint(note, [parseVerifierKey(opened.verifierKey)]);
  return { folder, opened, note, head };
}

function check(
  head: { size: number; root: Buffer },
  entries: Awaited<ReturnType<Prover["prove"]>>["entries"],
) {
  for (const { seq, line, proof } of entries)
    expect(
      rootOfProof(
        leafHash(Buffer.from(line)),
        seq,
        head.size,
        proof.map((hash) => Buffer.from(hash, "base64")),
      ),
    ).toEqual(head.root);
}

describe("proofs of records", () => {
  it("lead from the lines in the files to the signed root, through files and blocks", async () => {
    const { folder, opened, note, head } = await logOf(700);
    expect(segmentsOf(folder).length).toBeGreaterThan(2);
    const lines = linesIn(folder);
    const prover = createProver(folder);
    const newest = await prover.prove(note, undefined, 50);
    expect(newest.checkpoint).toBe(note);
    expect(newest.entries.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 50 }, (_, i) => head.size - 1 - i),
    );
    for (const before of [1, 50, 256, 257, 300, 512, 1000, head.size]) {
      const { entries } = await prover.prove(note, before, 100);
      expect(entries.map(({ seq }) => seq)).toEqual(
        Array.from({ length: Math.min(before, 100) }, (_, i) => before - 1 - i),
      );
      for (const { seq, line } of entries) expect(line).toBe(lines[seq]);
      check(head, entries);
    }
    await prover.close();
    await opened.log.close();
  });

  it("goes on with a later checkpoint, and proves nothing beyond it", async () => {
    const { folder, opened, note, head } = await logOf(10);
    const prover = createProver(folder);
    check(head, (await prover.prove(note, undefined, 100)).entries);
    writeActs(opened, 400);
    expect((await prover.prove(note, head.size + 50, 100)).entries[0]?.seq).toBe(head.size - 1);
    await opened.checkpointNow();
    const later = openCheckpoint(opened.checkpoint() ?? "", [parseVerifierKey(opened.verifierKey)]);
    expect(later.size).toBe(head.size + 800);
    check(later, (await prover.prove(later.note, undefined, 100)).entries);
    // The earlier checkpoint's proofs are against its own size.
    check(head, (await prover.prove(note, undefined, 100)).entries);
    await prover.close();
    await opened.log.close();
  });

  it("proves nothing of a record that was altered, and tells so", async () => {
    const { folder, opened, note } = await logOf(300);
    await opened.log.close();
    const copy = folders.copy(folder);
    const file = join(copy, segmentsOf(copy)[0]?.file ?? "");
    writeFileSync(file, readFileSync(file, "utf8").replace("select 0", "select 9"));
    const prover = createProver(copy);
    await expect(prover.prove(note, undefined, 10)).rejects.toMatchObject({
      code: "log_unproved",
      status: 503,
    });
    // Mended, it proves again.
    writeFileSync(file, readFileSync(join(folder, segmentsOf(folder)[0]?.file ?? "")));
    expect((await prover.prove(note, undefined, 10)).entries).toHaveLength(10);
    await prover.close();
  });

  it("proves nothing when records are missing", async () => {
    const { folder, opened, note } = await logOf(300);
    await opened.log.close();
    const [first] = segmentsOf(folder);
    truncateSync(join(folder, first?.file ?? ""), 0);
    const prover = createProver(folder);
    await expect(prover.prove(note, undefined, 10)).rejects.toMatchObject({ code: "log_unproved" });
    await prover.close();
  });

  it("hashes a large log in bounded time, and goes on where it stopped", async () => {
    const { folder, opened, head } = await logOf(3000);
    await opened.log.close();
    const lines = createLineProver(folder);
    let now = 0;
    // Every look at the clock takes longer than a run may.
    const late = (): number => (now += 10_000);
    const first = lines.hash(head.size, late);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(head.size);
    expect(lines.hash(head.size, late)).toBe(head.size);
    const { entries, referenced } = lines.prove({
      size: head.size,
      root: head.root.toString("base64"),
      from: head.size - 3,
      to: head.size,
    });
    check(head, entries);
    expect(entries).toHaveLength(3);
    // Acts of one session: its opening record comes with them, proved as well.
    check(head, referenced);
    expect(referenced.map(({ line }) => JSON.parse(line) as unknown)).toMatchObject([
      { type: "session.opened" },
    ]);
  });
});
