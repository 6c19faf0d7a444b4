import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import {
  blocksOf,
  commandsOf,
  follow,
  isAsShown,
  isJsonAsShown,
  openTerminal,
} from "@mayfly/testing/document.ts";

test("a page's blocks have their words, their line, and the headings above them", () => {
  const page =
    "# A\n## B\n```console run person=rosa\n$ true\n```\n## C\n### D\n```yaml file=a.yaml\nb: 1\n```\n";
  expect(blocksOf(page)).toEqual([
    { language: "console", words: { run: "", person: "rosa" }, text: "$ true\n", line: 4, under: ["A", "B"] },
    { language: "yaml", words: { file: "a.yaml" }, text: "b: 1\n", line: 9, under: ["A", "C", "D"] },
  ]);
  expect(() => blocksOf("```console\n$ true\n")).toThrow("has no end");
});

test("commands go on after a backslash and to the end of a here document; what stands below is their output", () => {
  expect(commandsOf("$ one \\\n  two\nshown\n$ cat <<'END'\n$ no command\nEND\n$ last\n")).toEqual([
    { command: "one \\\n  two", output: ["shown"] },
    { command: "cat <<'END'\n$ no command\nEND", output: [] },
    { command: "last", output: [] },
  ]);
  expect(() => commandsOf("output\n")).toThrow("no command stands above");
});

test("what varies is let go, anything else is compared", () => {
  const shown = ["mayfly: grant gr_5stms3bs9gxwddf9 for 5m, until 2026-11-27 09:40:19 UTC (in 4m 58s)"];
  const printed = "mayfly: grant gr_0yf9gg7jc8kz7dcx for 5m, until 2027-01-01 00:00:00 UTC (in 5m)\n";
  expect(isAsShown(shown, printed)).toBe(true);
  expect(isAsShown(shown, printed.replace("for 5m", "for 6m"))).toBe(false);
  expect(isAsShown(shown, `${printed}more\n`)).toBe(false);
  expect(isAsShown([...shown, "more"], printed)).toBe(false);
  expect(isAsShown(["NAME   AGE", "a.b    1"], "NAME AGE\na.b 1\n")).toBe(true);
  expect(isAsShown(["a.b"], "axb\n")).toBe(false);
});

test("an ellipsis stands for anything in its line, or for any lines", () => {
  expect(isAsShown(["good: …"], "good: 1 connection\n")).toBe(true);
  expect(isAsShown(["good: …"], "bad: 1 connection\n")).toBe(false);
  expect(isAsShown(["…", "last"], "one\ntwo\nlast\n")).toBe(true);
  expect(isAsShown(["…", "last"], "last\n")).toBe(true);
  expect(isAsShown(["…", "last"], "one\nlast\ntwo\n")).toBe(false);
});

test("JSON may stand in lines of its own", () => {
  const shown = ['{"id":"req_mqcz163c599f3max",…', ' "grant": {"id":"gr_8sj1tp7m3m4e2yke",…}}'];
  const printed =
    '{"id":"req_0000000000000000","state":"approved","grant":{"id":"gr_0000000000000000","n":1}}\n';
  expect(isJsonAsShown(shown, printed)).toBe(true);
  expect(isJsonAsShown(shown, printed.replace("grant", "grants"))).toBe(false);
  expect(isJsonAsShown(['{"a":1}'], '{"a":1}{}')).toBe(false);
});

test("blocks are done in one shell, and the first that does something else is told with its line", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-document-"));
  const terminal = openTerminal(folder, {});
  const signedIn: string[] = [];
  const stage = {
    folder,
    terminal,
    instead: { "9000": "9001" },
    signIn: async (url: string, login: string) => void signedIn.push(`${url} ${login}`),
  };
  const block = (language: string, words: Record<string, string>, text: string) => ({
    language,
    words,
    text,
    line: 7,
    under: [],
  });
  try {
    await follow(block("yaml", { file: "a.yaml" }, "port: 9000\n"), stage);
    expect(await readFile(path.join(folder, "a.yaml"), "utf8")).toBe("port: 9001\n");
    await follow(block("console", { run: "" }, '$ export WORD="it\'s"\n$ cd /\n'), stage);
    await follow(block("console", { run: "" }, '$ echo "$WORD $PWD"\nit\'s /\n'), stage);
    await follow(
      block("console", { run: "", person: "rosa" }, "$ echo 'To sign in, open http://a'\n…\n"),
      stage,
    );
    expect(signedIn).toEqual(["http://a rosa"]);
    await follow(block("console", { run: "" }, "$ echo words; false\nwords\n"), stage);
    await expect(follow(block("console", { run: "" }, "$ false\n"), stage)).rejects.toThrow(
      "line 7: $ false",
    );
    await expect(follow(block("console", { run: "" }, "$ echo a\nb\n"), stage)).rejects.toThrow("printed\na");
  } finally {
    await terminal.close();
    await rm(folder, { recursive: true, force: true });
  }
});
