import {
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "@mayfly/testing/fast-check.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JournalEntry } from "./journal.ts";
import { machineBootTime, openJournal, type OpenedJournal } from "./journal-file.ts";

let folder: string;
let file: string;
const open: OpenedJournal[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-journal-"));
  file = path.join(folder, "gateway.ends");
});
afterEach(async () => {
  for (const journal of open.splice(0)) await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openAgain(): Promise<OpenedJournal> {
  const journal = await openJournal(file);
  open.push(journal);
  return journal;
}

const entry = (more: Partial<Extract<JournalEntry, { kind: "grant" }>> = {}): JournalEntry => ({
  kind: "grant",
  grant: "gr_7k2m9q4t0x5c8v1n",
  state: "revoked",
  event: "revoke",
  by: "ops@example.com",
  reason: "suspicious",
  at: 1_700_000_000_000,
  ...more,
});
const lockdown: JournalEntry = {
  kind: "lockdown",
  since: 1_700_000_000_000,
  by: "ops@example.com",
  reason: "incident",
};

describe("the journal of ends", () => {
  it("takes its room when it is made, so that a full disk still takes an end; and nobody else reads it", async () => {
    await openAgain();
    const { blocks, size, mode } = statSync(file);
    expect(size).toBe(512 * 1024);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    expect(mode & 0o777).toBe(0o600);
  });

  it("gives back what was kept and not taken out, without growing", async () => {
    const before = await openAgain();
    await before.keep(entry());
    const takeOut = await before.keep(entry({ grant: "gr_other" }));
    await before.keep(lockdown);
    await takeOut();
    const next = await openAgain();
    expect(next.found.entries).toHaveLength(2);
    expect(next.found.entries).toEqual(expect.arrayContaining([entry(), lockdown]));
    expect(statSync(file).size).toBe(512 * 1024);
    await next.settle();
    expect((await openAgain()).found.entries).toEqual([]);
  });

  it("holds any text, shortened where it must be", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 2000 }), async (text) => {
        const journal = await openAgain();
        const takeOut = await journal.keep(entry({ reason: text, by: text }));
        const [kept] = (await openAgain()).found.entries;
        expect(kept).toMatchObject({ grant: "gr_7k2m9q4t0x5c8v1n", state: "revoked" });
        await takeOut();
      }),
      { numRuns: 30 },
    );
  });

  it("gives back the newest beat, and the one before it when the newest was torn", async () => {
    const journal = await openAgain();
    expect(journal.found.beat).toBeUndefined();
    await journal.beat({ steady: 1, wall: 1, clean: false });
    await journal.beat({ steady: 2, wall: 1, clean: true, boot: { id: "b", ms: 5 } });
    expect((await openAgain()).found.beat).toEqual({
      steady: 2,
      wall: 1,
      clean: true,
      boot: { id: "b", ms: 5 },
    });
    const bytes = readFileSync(file);
    bytes.fill("x", 20, 40);
    writeFileSync(file, bytes);
    expect((await openAgain()).found.beat).toEqual({ steady: 1, wall: 1, clean: false });
  });

  it("takes no notice of an entry that was torn while it was written", async () => {
    const journal = await openAgain();
    await journal.keep(entry());
    const bytes = readFileSync(file);
    const at = bytes.indexOf("gr_7k2m");
    bytes.fill(" ", at, at + 3);
    writeFileSync(file, bytes);
    expect((await openAgain()).found.entries).toEqual([]);
  });

  it("is bounded", async () => {
    const journal = await openAgain();
    const takeOut = await journal.keep(entry());
    for (let count = 1; count < 1022; count += 1) await journal.keep(entry());
    await expect(journal.keep(entry())).rejects.toThrow("full");
    await takeOut();
    await expect(journal.keep(entry())).resolves.toBeTypeOf("function");
  });

  it.each([
    ["removed", (): void => rmSync(file)],
    [
      "put elsewhere, with another in its place",
      (): void => (renameSync(file, `${file}.old`), writeFileSync(file, "")),
    ],
  ])("keeps nothing in a file that was %s", async (_, act) => {
    const journal = await openAgain();
    act();
    await expect(journal.keep(entry())).rejects.toThrow(/ENOENT|replaced/);
    await expect(journal.beat({ steady: 1, wall: 1, clean: false })).rejects.toThrow(/ENOENT|replaced/);
  });

  it("is made anew where it was cut", async () => {
    await openAgain();
    truncateSync(file, 100);
    expect((await openAgain()).found).toEqual({ entries: [], beat: undefined });
    expect(statSync(file).size).toBe(512 * 1024);
  });

  it("names its file where it cannot be used", async () => {
    rmSync(folder, { recursive: true });
    await expect(openJournal(file)).rejects.toMatchObject({
      code: "journal_refused",
      message: expect.stringContaining(file) as unknown,
    });
  });

  it("knows how long the machine has been up, where it says so", () => {
    expect((machineBootTime()?.ms ?? 0) > 0).toBe(process.platform === "linux");
  });
});
