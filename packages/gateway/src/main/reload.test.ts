import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Configuration } from "../configuration/types.ts";
import { reload, type ReloadParts } from "./reload.ts";

/** Reloads a file that holds nothing but these members. */
async function reloadMembers(
  members: readonly string[],
): Promise<{ readonly why: unknown; readonly detail: unknown }> {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-reload-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "mayfly.yaml");
  writeFileSync(file, members.map((name) => `${name}: true\n`).join(""));
  let detail: unknown;
  const parts = {
    file,
    environment: {},
    protocols: [],
    log: {
      append(record: { readonly detail: unknown }) {
        ({ detail } = record);
      },
      sync: async () => undefined,
    },
    clock: { schedule: (_: number, run: () => void) => setImmediate(run) },
    current: () => ({ digest: "sha256:0", files: [file] }) as unknown as Configuration,
    placed: (configuration: Configuration) => configuration,
    adopt: () => Promise.reject(new Error("never")),
  } as unknown as ReloadParts;
  const outcome = await reload(parts);
  return { why: outcome.adopted ? undefined : outcome.why, detail };
}

test("a refused file is told of in full, a line for each problem, and its record is bounded", async () => {
  const members = Array.from({ length: 300 }, (_, at) => `member_${at}`);
  const { why, detail } = await reloadMembers(members);
  const lines = why as readonly string[];
  expect(lines.filter((line) => line.includes("is not known here; hint: "))).toHaveLength(300);
  expect(lines.join("")).not.toContain("\n");
  const recorded = detail as { readonly problems: number; readonly why: readonly string[] };
  expect(recorded.problems).toBe(lines.length);
  const kept = recorded.why.slice(0, -1);
  expect(kept).toEqual(lines.slice(0, kept.length));
  expect(recorded.why.at(-1)).toBe(`and ${lines.length - kept.length} more`);
  expect(recorded.why.join("").length).toBeLessThan(2100);
});
