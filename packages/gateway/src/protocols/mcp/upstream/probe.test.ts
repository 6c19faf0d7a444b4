import { expect, it } from "vitest";
import { type McpTarget, targetSchema } from "../target.ts";
import { addressOf, probe } from "./probe.ts";

const never = new AbortController().signal;
const program = (...command: string[]): McpTarget => targetSchema.parse({ command });

it("names a program without its arguments, and a server by its origin", () => {
  expect(addressOf(program("/usr/local/bin/crm-server", "--key", "secret"))).toBe("the program crm-server");
  expect(addressOf(targetSchema.parse({ url: "https://crm.internal/mcp?key=1" }))).toBe(
    "https://crm.internal",
  );
});

it("finds a program by its path and by PATH, and starts none", async () => {
  expect(await probe(program(process.execPath, "--version"), () => 0, never)).toEqual({ milliseconds: 0 });
  expect(await probe(program("sh"), () => 0, never)).toEqual({ milliseconds: 0 });
  await expect(probe(program("/nowhere/crm-server"), () => 0, never)).rejects.toMatchObject({
    message: "the program crm-server is not there, or cannot be executed",
  });
});
