import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { recordedInReserve, recordTypes } from "../../packages/gateway/src/audit/records.ts";

const inFolder = (folder: string): readonly string[] =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join(folder, name));
const pages = [...inFolder("."), ...inFolder("docs"), ...inFolder("docs/decisions")];

const read = (page: string): string => readFileSync(path.join(root, page), "utf8");
/** A page without its examples: what stands in a fence is what programs read and print. */
const prose = (page: string): string => read(page).replaceAll(/^ *(```|~~~)[\s\S]*?^ *\1/gm, "");

/** The anchors that GitHub gives a page's headings: a second heading of the same words gets "-1". */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const plain = words.replaceAll(/[^\p{L}\p{N}\p{M}\- _]/gu, "").replaceAll(" ", "-");
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What is wrong with one link of a page; undefined for a good one. */
function problemOf(page: string, link: string): string | undefined {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(root, target))) return `${link}: there is no ${target}`;
  if (anchor !== undefined && !anchorsOf(target).has(anchor))
    return `${link}: no heading of ${target} makes #${anchor}`;
  return undefined;
}

test("there are pages to check", () => {
  expect(pages).toEqual(
    expect.arrayContaining(["README.md", "CONTRIBUTING.md", "docs/identity.md", "docs/decisions/README.md"]),
  );
  expect(pages.length).toBeGreaterThan(50);
  expect(problemOf("README.md", "docs/nowhere.md")).toBeDefined();
  expect(problemOf("README.md", "docs/identity.md#nowhere")).toBeDefined();
  expect(problemOf("docs/mcp.md", "identity.md#tokens-bound-to-a-key-dpop")).toBeUndefined();
});

describe.each(pages)("%s", (page) => {
  test("links to pages, headings and pictures that exist", () => {
    const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const ours = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(ours.flatMap((link) => problemOf(page, link) ?? [])).toEqual([]);
  });

  test("names files that exist", () => {
    const named = [
      ...prose(page).matchAll(
        /`((?:packages|tests|scripts|docs|demo|bench|examples|\.github)\/[\w.@/-]+)(?::[\w.]+(?:\(\))?)?`/g,
      ),
    ].map(([, file = ""]) => file);
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});

test("the index lists every page once", () => {
  const listed = [...prose("docs/README.md").matchAll(/^\| \[[^\]]+\]\(([^)#]+)\)/gm)].map(
    ([, file = ""]) => file,
  );
  const expected = inFolder("docs").map((page) => path.basename(page));
  for (const page of expected.filter((name) => name !== "README.md"))
    expect([page, listed.filter((file) => file === page).length]).toEqual([page, 1]);
});

test("the index of decisions lists every decision once, in order", () => {
  const listed = [...prose("docs/decisions/README.md").matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(
    ([, file = ""]) => file,
  );
  const expected = inFolder("docs/decisions").map((page) => path.basename(page));
  expect(listed).toEqual(expected.filter((name) => name !== "README.md").toSorted());
});

test("every page begins with an example", () => {
  const without = inFolder("docs")
    .filter((page) => path.basename(page) !== "README.md")
    .filter((page) => {
      const [, beginning = ""] =
        /^([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(read(page).replace(/^# .*\n/, "")) ?? [];
      return !/^```|^> /m.test(beginning);
    });
  expect(without).toEqual([]);
});

test("docs/architecture.md names files, and names within them, that exist", () => {
  const gateway = "packages/gateway/src";
  const named = [...prose("docs/architecture.md").matchAll(/`([\w./-]+\/[\w.-]*)(?::(\w+))?`/g)].filter(
    ([, file = ""]) => /\.ts$|\/$/.test(file),
  );
  expect(named.filter(([, , name]) => name !== undefined).length).toBeGreaterThan(25);
  const missing = named.filter(([, file = "", name]) => {
    const place = [path.join(root, gateway, file), path.join(root, file)].find((each) => existsSync(each));
    if (place === undefined) return true;
    return name !== undefined && !new RegExp(`\\b${name}\\b`).test(readFileSync(place, "utf8"));
  });
  expect(missing.map(([span]) => span)).toEqual([]);
});

test("every TypeScript file that a page names exists, under the root or in the gateway", () => {
  const gateway = "packages/gateway/src";
  const places = (file: string): readonly string[] => [
    file,
    path.join(gateway, file),
    // As docs/security-review.md abbreviates it.
    path.join(gateway, file.replace(/^pg\//, "protocols/postgres/")),
  ];
  const named = [...inFolder("docs"), ...inFolder("docs/decisions")].flatMap((page) =>
    [...prose(page).matchAll(/`((?:[\w-]+\/)+[\w.-]+\.tsx?)`/g)].map(
      ([, file = ""]) => [page, file] as const,
    ),
  );
  expect(named.length).toBeGreaterThan(100);
  const missing = named.filter(
    ([, file]) => !places(file).some((place) => existsSync(path.join(root, place))),
  );
  expect(missing).toEqual([]);
});

test("docs/audit.md tells of every type of record", () => {
  const page = prose("docs/audit.md");
  expect(recordTypes.filter((type) => !page.includes(`\`${type}\``))).toEqual([]);
});

test("docs/audit.md says of every type of record what bounds it, and whether the last of the disk is for it", () => {
  const [, section = ""] = prose("docs/audit.md").split("### How many of them there can be\n");
  const [table = ""] = section.split("\n## ");
  const said = [...table.matchAll(/^\| (`.*?) \| .+ \| (yes|no) \|$/gm)].flatMap(([, types = "", isFor]) =>
    [...types.matchAll(/`([\w.]+)`/g)].map(([, type = ""]) => `${type}: ${isFor ?? ""}`),
  );
  const expected = recordTypes.map((type) => `${type}: ${recordedInReserve.has(type) ? "yes" : "no"}`);
  expect(said.toSorted()).toEqual(expected.toSorted());
});
