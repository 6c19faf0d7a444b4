// tier: full
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const bin = new URL("../../../bin/mayflyd.js", import.meta.url).pathname;
const issuer = "https://example.okta.com/oauth2/aus4x2kq";
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), "mayfly-init-"))));
afterEach(() => rm(folder, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly said: string;
}

function run(program: string, args: readonly string[], input = ""): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: folder });
    let said = "";
    let answered = 0;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        // One line for each question, as somebody types it; a question may come in pieces.
        const shown = stripVTControlCharacters(said);
        if (!shown.endsWith(": ") || shown.length <= answered || lines.length === 0) return;
        answered = shown.length;
        child.stdin.write(`${lines.shift()}\n`);
      });
    const lines = input.split("\n").filter((line) => line !== "");
    child.once("close", (code) => resolve({ code, said: said.replaceAll("\r", "") }));
    if (lines.length === 0) child.stdin.end();
  });
}
const init = (...args: string[]): Promise<Ran> => run(process.execPath, [bin, "init", ...args]);

test("without a terminal it asks nobody, and says what is missing", async () => {
  expect(await init()).toEqual({ code: 2, said: expect.stringContaining("--issuer is missing") as string });
  expect(await readdir(folder)).toEqual([]);
});

test("writes a file that mayflyd takes, for its owner and group alone, and never over another one", async () => {
  const flags = [
    "--issuer",
    issuer,
    "--database",
    "postgres://mayfly@db.internal/shop",
    "--table",
    "public.orders",
  ];
  expect(await init("new/mayfly.yaml", ...flags)).toMatchObject({ code: 0 });
  const file = path.join(folder, "new/mayfly.yaml");
  expect((await stat(file)).mode & 0o777 & ~0o640).toBe(0);
  const checked = await run(process.execPath, [bin, "check", file]);
  expect(checked).toMatchObject({ code: 0, said: expect.stringContaining("1 connection") as string });
  await writeFile(file, "mine\n");
  expect(await init("new/mayfly.yaml", ...flags)).toEqual({
    code: 1,
    said: expect.stringContaining("exists, and stays as it is") as string,
  });
  expect(await readFile(file, "utf8")).toBe("mine\n");
  expect((await readdir(path.join(folder, "new"))).toSorted()).toEqual(["mayfly.yaml", "secrets"]);
  // Where the file says that the password is: nobody else may look there, and nothing is in it.
  const secrets = path.join(folder, "new/secrets");
  expect((await stat(secrets)).mode & 0o077).toBe(0);
  expect(await readdir(secrets)).toEqual([]);
});

test("answers that make no configuration write nothing", async () => {
  expect(await init("--issuer", "http://example.okta.com")).toMatchObject({
    code: 1,
    said: expect.stringMatching(/^mayfly\.yaml:\d+:\d+: /) as string,
  });
  expect(await init("--issuer", issuer, "--url", "http://mayfly.internal")).toMatchObject({ code: 2 });
  expect(await init("--issuer", issuer, "--postgres-port", "70000")).toMatchObject({ code: 2 });
  expect(await readdir(folder)).toEqual([]);
});

test("asks on a terminal for what it was not told", async () => {
  const answers = [
    "https://mayfly.internal:9443",
    issuer,
    "bots",
    "0oa1=bot",
    "postgres://m@db/shop",
    "public.a public.b",
  ];
  const ran = await run(
    "script",
    ["-qefc", `${process.execPath} ${bin} init`, "/dev/null"],
    answers.join("\n"),
  );
  expect(ran).toMatchObject({ code: 0, said: expect.stringContaining("wrote mayfly.yaml") as string });
  const text = await readFile(path.join(folder, "mayfly.yaml"), "utf8");
  for (const part of [
    "url: https://mayfly.internal:9443",
    "name: bot, groups: [bots]",
    "public.a: all, public.b: all",
  ])
    expect(text).toContain(part);
  const secrets = await stat(path.join(folder, "secrets"));
  expect([secrets.isDirectory(), secrets.mode & 0o777]).toEqual([true, 0o700]);
});
