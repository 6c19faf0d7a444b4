// tier: full
import { describe, expect, test } from "vitest";
import { describeSchema } from "../../../gate/web/schema/describe-schema.ts";
import { compileSchema } from "../../../gate/web/schema/json-schema.ts";
import { patternOf } from "./place-patterns.ts";
import { type Place, placeOf } from "./places.ts";

/** The places of values of one argument. */
const placesOf = (member: string, values: readonly string[]): readonly Place[] =>
  values.flatMap((value) => placeOf(member, value) ?? []);

function made(
  member: string,
  values: readonly string[],
): { readonly pattern: string; readonly roots: readonly string[] } {
  const found = patternOf(placesOf(member, values));
  if ("why" in found) throw new Error(found.why);
  return found;
}

/** Whether the schema that a proposal has takes a value. */
function taking(member: string, values: readonly string[]): (value: string) => boolean {
  const { pattern } = made(member, values);
  const compiled = compileSchema(JSON.stringify({ type: "string", pattern }));
  if ("why" in compiled) throw new Error(compiled.why);
  return (value) => compiled.check(value) === undefined;
}

const path = String.raw`(?:/[\p{L}\p{M}\p{Nd}_@(),+=-]+(?:[ .]+[\p{L}\p{M}\p{Nd}_@(),+=-]+)*)`;

test("patterns can be read", () => {
  expect(made("path", ["/srv/reports/a.csv"])).toEqual({
    pattern: `^/srv/reports${path}+/?$`,
    roots: ["/srv/reports"],
  });
  expect(made("path", ["/srv/b/a.csv", "src/a.ts", "/srv/b/", "/srv/a/x"]).pattern).toBe(
    `^(?:(?:/srv/a|(?:[.]/)?src)${path}+/?|/srv/b${path}*/?)$`,
  );
  expect(made("host", ["api.example.com"])).toEqual({
    pattern: "^api[.]example[.]com$",
    roots: ["api.example.com"],
  });
  const { pattern } = made("url", ["https://docs.example.com/guides/a"]);
  expect(pattern).toMatch(/^\^https:\/\/docs\[\.\]example\[\.\]com\/guides\(/);
  expect(describeSchema(JSON.stringify({ type: "string", pattern }))).toEqual([`text; matching ${pattern}`]);
});

describe("what a pattern takes", () => {
  test.each([
    [
      "path",
      ["/srv/reports/a.csv"],
      ["/srv/reports/b.csv", "/srv/reports/2026/b (1).csv", "/srv/reports/Größe.txt"],
    ],
    ["path", ["/srv/reports/"], ["/srv/reports", "/srv/reports/a"]],
    ["path", ["report.txt"], ["other.txt", "./other.txt"]],
    ["path", ["."], [".", "./", ""]],
    ["path", ["src/a.ts"], ["./src/b.ts", "src/lib/c.ts"]],
    ["path", ["C:\\data\\a"], ["C:\\data\\b\\c"]],
    ["path", ["C:/data/a"], ["C:/data/b/c"]],
    [
      "url",
      ["https://docs.example.com/guides/a"],
      ["https://docs.example.com/guides/b%20c?x=y#".slice(0, -1)],
    ],
    ["url", ["https://docs.example.com"], ["https://docs.example.com/", "https://docs.example.com/a/b"]],
    ["url", ["https://[2606:4700::1111]/a"], ["https://[2606:4700::1111]/b"]],
    ["url", ["docs.example.com/x"], ["docs.example.com/y?z"]],
    ["url", ["", "https://docs.example.com/a"], ["", "https://docs.example.com/b"]],
    ["path", ["/srv/a/b", "https://docs.example.com/a"], ["/srv/a/c", "https://docs.example.com/c"]],
    ["uri", ["file:///srv/a/b"], ["file:///srv/a/c"]],
  ] as const)("%s %j: %j", (member, values, taken) => {
    const takes = taking(member, values);
    expect([...values, ...taken].filter((value) => !takes(value))).toEqual([]);
  });

  test.each([
    ["path", ["/srv/reports/a.csv"], ["/srv/reports", "/srv/reports/", "/srv", "/srv/other/a"]],
    ["path", ["report.txt"], ["", ".", "a/b.txt", "-rf", "--output=x", "@x", "~", "./-rf", "C:x"]],
    ["path", ["."], ["a", "/", "..", "./a"]],
    ["path", ["C:\\data\\a"], ["C:/data/a", "C:\\data/a", "C:\\data\\a/b", "C:\\data\\..\\a"]],
    ["host", ["api.example.com"], ["api.example.com/a", "api.example.com:80", "x.api.example.com", ""]],
    ["url", ["docs.example.com/x"], ["https://docs.example.com/x", "docs.example.com:80/x"]],
    ["uri", ["s3://orders/42"], ["s3://order", "s3://orders/1?x", "S3://orders/1", "s3://other/1"]],
  ] as const)("%s %j does not take %j", (member, values, refused) => {
    const takes = taking(member, values);
    expect(refused.filter(takes)).toEqual([]);
  });
});

describe("many roots", () => {
  const files = (folder: (at: number) => string, many: number): readonly string[] =>
    Array.from({ length: many }, (_, at) => `${folder(at)}/f.txt`);

  test("a root in another is left out", () => {
    expect(made("path", ["/srv/a/b/x", "/srv/a/x", "/srv/ab/x"]).roots).toEqual(["/srv/a", "/srv/ab"]);
    expect(made("url", ["https://a.example.com/b/c", "https://a.example.com/b"]).roots).toEqual([
      "https://a.example.com",
    ]);
    expect(made("path", ["src/x", "x"]).roots).toEqual(["the folder that the server works in", "src"]);
  });

  test("too many become their parents", () => {
    expect(
      made(
        "path",
        files((at) => `/srv/data/t${at}`, 10),
      ).roots,
    ).toHaveLength(10);
    expect(
      made(
        "path",
        files((at) => `/srv/data/t${at}`, 11),
      ).roots,
    ).toEqual(["/srv/data"]);
    expect(
      made(
        "path",
        files((at) => `C:\\data\\t${at}`, 11).map((each) => each.replace("/", "\\")),
      ).roots,
    ).toEqual(["C:\\data"]);
    expect(
      made(
        "uri",
        files((at) => `file:///srv/data/t${at}`, 11),
      ).roots,
    ).toEqual(["file:///srv/data"]);
    expect(
      made(
        "url",
        files((at) => `https://a.example.com/t${at}`, 11),
      ).roots,
    ).toEqual(["https://a.example.com"]);
    expect(
      made(
        "url",
        files((at) => `a.example.com/t${at}`, 11),
      ).roots,
    ).toEqual(["a.example.com"]);
  });

  test.each([
    ["path", (at: number) => `/t${at}`],
    ["path", (at: number) => `t${at}`],
    ["path", (at: number) => `2026-12-${10 + at}`],
    ["path", (at: number) => `~/t${at}`],
    ["path", (at: number) => `C:/t${at}`],
    ["path", (at: number) => `/home/me/t${at}`],
    ["path", (at: number) => `/var/t${at}`],
    ["uri", (at: number) => `file:///t${at}`],
    ["url", (at: number) => `https://t${at}.example.com`],
    ["url", (at: number) => `s3://t${at}`],
  ] as const)("or there is no pattern: %s %s", (member, folder) => {
    expect(patternOf(placesOf(member, files(folder, 11)))).toEqual({ why: "it reaches too many places" });
    expect(
      patternOf(
        placesOf(
          "host",
          files((at) => `t${at}.example.com`, 11).map((each) => each.slice(0, -6)),
        ),
      ),
    ).toEqual({
      why: "it reaches too many places",
    });
  });

  test("none, and one against which something speaks", () => {
    expect(patternOf([])).toEqual({ why: "it reaches too many places" });
    expect(patternOf(placesOf("path", ["/srv/a/b", "/etc/passwd"]))).toEqual({
      why: "it is in the system's folders",
    });
  });
});
