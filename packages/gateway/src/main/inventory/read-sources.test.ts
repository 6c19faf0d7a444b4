import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ActSource, Found, SeenAct } from "../../gate/inventory/seen.ts";
import { openSource } from "./open.ts";
import { noCounts, type ReadCounts, type Reading, readSources, type Wanted } from "./read-sources.ts";

let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-sources-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A format with one finding as JSON a line, behind its name. */
const format = (name: string): ActSource => ({
  format: name,
  recognizes: (beginning) => beginning.startsWith(`${name}\n`),
  async *read(text) {
    let all = "";
    for await (const piece of text) all += piece;
    if (all === "") throw new Error("there is nothing to read");
    for (const line of all.split("\n").slice(1)) if (line !== "") yield JSON.parse(line) as Found;
  },
});
const database: Reading = {
  act: "statement",
  part: "database",
  sources: [format("one"), format("two")],
  recorded: () => undefined,
  formatHint: "it is written so",
};

const act = (text: string, more: Partial<SeenAct> = {}): Found => ({
  kind: "act",
  act: { act: text, by: "app", times: 1, ...more },
});
const failed: Found = { kind: "failed" };
const unread = (line: number, why = "it is not JSON"): Found => ({ kind: "unread", line, why });

let files = 0;
function fileOf(found: readonly Found[], head = "one"): string {
  files += 1;
  const path = join(folder, `${files}.log`);
  writeFileSync(path, [head, ...found.map((each) => JSON.stringify(each))].join("\n"));
  return path;
}

interface ReadAll {
  readonly acts: readonly SeenAct[];
  readonly counts: ReadCounts;
  readonly told: readonly (readonly [string, number | undefined])[];
}

async function readAll(
  paths: readonly string[],
  wanted: Partial<Wanted> = {},
  counts = noCounts(),
  reading = database,
): Promise<ReadAll> {
  const told: [string, number | undefined][] = [];
  const acts: SeenAct[] = [];
  const all = readSources(
    paths.map((path) => ({ path })),
    reading,
    { connection: "orders-db", by: [], ...wanted },
    counts,
    (file, share) => told.push([file, share]),
  );
  for await (const each of all) acts.push(each);
  return { acts, counts, told };
}

const textsOf = ({ acts }: ReadAll): readonly string[] => acts.map((each) => each.act);

test("sources are read one after another, each in the format that it begins as", async () => {
  const all = await readAll([fileOf([act("a"), act("b")], "two"), fileOf([act("c", { times: 4 })])]);
  expect(textsOf(all)).toEqual(["a", "b", "c"]);
  expect(all.counts).toEqual({ ...noCounts(), acts: 6 });
});

test("how far a file is comes with each piece of it, and nobody knows it of an empty one", async () => {
  const path = fileOf([act("x".repeat(600_000))]);
  const empty = join(folder, "nothing.log");
  writeFileSync(empty, "");
  const { told } = await readAll([path, empty]);
  expect(told.length).toBeGreaterThan(1);
  expect(new Set(told.map(([file]) => file))).toEqual(new Set([path]));
  const shares = told.map(([, share]) => share ?? -1);
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  expect([(shares[0] ?? 0) > 0, (shares[0] ?? 1) < 1, shares.at(-1)]).toEqual([true, true, 1]);
});

test("what failed is counted and is no act", async () => {
  const all = await readAll([fileOf([failed, act("a"), failed]), fileOf([failed])]);
  expect(textsOf(all)).toEqual(["a"]);
  expect(all.counts).toMatchObject({ acts: 1, failed: 3 });
});

test("lines that cannot be read are counted, and the first ten of all sources are kept with their place", async () => {
  const first = fileOf([unread(2), act("a"), unread(4, "it is cut")]);
  const second = fileOf(Array.from({ length: 30 }, (_, at) => unread(at + 2)));
  const { counts } = await readAll([first, second]);
  expect(counts).toMatchObject({ acts: 1, unread: 32 });
  expect(counts.unreadLines).toHaveLength(10);
  expect(counts.unreadLines.slice(0, 3)).toEqual([
    { file: first, line: 2, why: "it is not JSON" },
    { file: first, line: 4, why: "it is cut" },
    { file: second, line: 2, why: "it is not JSON" },
  ]);
});

describe("what counts", () => {
  const who = (): string =>
    fileOf([
      act("a"),
      act("b", { by: "bot", times: 5 }),
      act("c", { by: "" }),
      act("d", { by: "App" }),
      act("e", { by: "app2" }),
    ]);

  test("is everybody's where nobody is asked for", async () => {
    expect(textsOf(await readAll([who()]))).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("is theirs alone who are asked for by their exact names, and others' times are counted", async () => {
    const all = await readAll([who()], { by: ["app", "e"] });
    expect(textsOf(all)).toEqual(["a"]);
    expect(all.counts).toMatchObject({ acts: 1, others: 8 });
    expect(textsOf(await readAll([who()], { by: ["bot", "app"] }))).toEqual(["a", "b"]);
  });

  test("is what was done since then, at that moment too, and that of which nobody says when", async () => {
    const path = fileOf([act("a", { at: 99 }), act("b", { at: 100 }), act("c", { at: 101 }), act("d")]);
    const all = await readAll([path], { since: 100 });
    expect(textsOf(all)).toEqual(["b", "c", "d"]);
    expect(all.counts).toMatchObject({ others: 1, untimed: 1 });
    expect((await readAll([path])).counts.untimed).toBe(0);
  });

  test("is what was done in the database that is asked for, and that of which nobody says where", async () => {
    const path = fileOf([act("a", { within: "shop" }), act("b", { within: "bench" }), act("c")]);
    const all = await readAll([path], { within: "shop" });
    expect(textsOf(all)).toEqual(["a", "c"]);
    expect(all.counts).toMatchObject({ acts: 2, others: 1 });
  });

  test("must pass every filter", async () => {
    const path = fileOf([
      act("a", { within: "shop", at: 5 }),
      act("b", { within: "shop", at: 5, by: "bot" }),
      act("c", { within: "bench", at: 5 }),
      act("d", { within: "shop", at: 1 }),
    ]);
    expect(textsOf(await readAll([path], { within: "shop", since: 5, by: ["app"] }))).toEqual(["a"]);
  });
});

describe("acts of two databases", () => {
  const refusal = {
    code: "several_databases",
    message: "the sources tell of the databases shop and bench",
    hint: "a connection is one database: say which with --database shop or --database bench",
  };

  test("are refused with how to say which, in one source or two", async () => {
    const shop = act("a", { within: "shop" });
    const bench = act("b", { within: "bench" });
    await expect(readAll([fileOf([shop, act("c"), shop, bench])])).rejects.toMatchObject(refusal);
    await expect(readAll([fileOf([shop]), fileOf([bench])])).rejects.toMatchObject(refusal);
  });

  test("are called as the target's parts are", async () => {
    const path = fileOf([act("a", { within: "a.example" }), act("b", { within: "b.example" })]);
    await expect(readAll([path], {}, noCounts(), { ...database, part: "host" })).rejects.toMatchObject({
      code: "several_hosts",
      message: "the sources tell of the hosts a.example and b.example",
      hint: "a connection is one host: say which with --host a.example or --host b.example",
    });
  });

  test("are not mixed where those of one are not asked for", async () => {
    const path = fileOf([act("a", { within: "shop" }), act("b", { within: "bench", by: "bot" })]);
    const { counts } = await readAll([path], { by: ["app"] });
    expect([...counts.within]).toEqual(["shop"]);
  });

  test("are not looked for where one is asked for", async () => {
    const path = fileOf([act("a", { within: "shop" }), act("b", { within: "bench" })]);
    const all = await readAll([path], { within: "bench" });
    expect(textsOf(all)).toEqual(["b"]);
  });
});

describe("the format", () => {
  const known = "known are one, two";

  test("that is asked for is read, however the source begins", async () => {
    expect(textsOf(await readAll([fileOf([act("a")], "one")], { format: "two" }))).toEqual(["a"]);
    expect(textsOf(await readAll([fileOf([act("a")], "none")], { format: "one" }))).toEqual(["a"]);
  });

  test("that nobody knows is refused with those that there are, for an empty source too", async () => {
    for (const path of [fileOf([act("a")]), fileOf([], "")])
      await expect(readAll([path], { format: "three" })).rejects.toMatchObject({
        code: "unknown_format",
        message: "there is no format three",
        hint: known,
      });
  });

  test("of a source that begins as none is refused with those that there are", async () => {
    const path = fileOf([act("a")], "three");
    await expect(readAll([path])).rejects.toMatchObject({
      code: "unknown_format",
      message: `${path} does not begin as any known format does`,
      hint: `${known}, and the folder of Mayfly's own audit log; --format says which it is; it is written so`,
    });
  });

  test("of an empty source does not matter", async () => {
    const path = join(folder, "empty.log");
    writeFileSync(path, "");
    const all = await readAll([path, fileOf([act("a")])]);
    expect(textsOf(all)).toEqual(["a"]);
    expect(all.counts).toEqual({ ...noCounts(), acts: 1 });
  });
});

test("a source that is open already is read from where it is, and not opened again", async () => {
  const path = fileOf([act("a")]);
  const opened = await openSource(path);
  rmSync(path);
  const acts: string[] = [];
  const all = readSources(
    [{ path, opened }],
    database,
    { connection: "orders-db", by: [] },
    noCounts(),
    () => undefined,
  );
  for await (const each of all) acts.push(each.act);
  expect(acts).toEqual(["a"]);
});

test("a source that cannot be opened is refused when it is its turn", async () => {
  const counts = noCounts();
  await expect(readAll([fileOf([act("a")]), join(folder, "none.log")], {}, counts)).rejects.toMatchObject({
    code: "unreadable_file",
  });
  expect(counts.acts).toBe(1);
});
