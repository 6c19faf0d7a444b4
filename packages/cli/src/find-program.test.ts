import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCodeOf } from "./exit.ts";
import { requireProgram } from "./find-program.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-programs-"));
  writeFileSync(join(folder, "here"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

const look = (program: string): unknown => {
  try {
    requireProgram(program, "install it", ["/nowhere", folder].join(delimiter));
    return undefined;
  } catch (thrown) {
    return thrown;
  }
};

test("a command is found in the folders of PATH, and by its own path", () => {
  expect(["here", join(folder, "here")].map(look)).toEqual([undefined, undefined]);
});

test.each(["absent", "", "/nowhere/here", "./here-not"])("'%s' is not, as a shell says it", (program) => {
  const thrown = look(program);
  expect(thrown).toMatchObject({ message: `${program} cannot be run: there is no such command` });
  expect(exitCodeOf(thrown)).toBe(127);
});
