import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { addressOf, repositoryOf } from "../../scripts/release/repository.mjs";
import { shrinkwrapOf } from "../../scripts/release/shrinkwrap.mjs";

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Lock {
  readonly packages: Readonly<Record<string, Entry>>;
}

const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8")) as Lock;
const wrap = (home: string, from: Lock = lock): Lock => shrinkwrapOf(from, home);

/** The version that Node finds for a name, from a place of a lock file. */
function found({ packages }: Lock, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "") {
    const entry = packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`];
    if (entry !== undefined) return entry.version;
    if (at === "") return undefined;
  }
}

describe.each(["gateway", "cli", "sdk", "audit-verifier"])("what %s ships with", (folder) => {
  const home = `packages/${folder}`;
  const made = wrap(home);

  test("is what the workspace was tested with: every package finds the same version", () => {
    const places = Object.keys(made.packages).filter((place) => place !== "");
    expect(places.length).toBeGreaterThan(0);
    for (const place of ["", ...places]) {
      const { dependencies = {} } = made.packages[place] ?? {};
      const original = place === "" ? home : originalOf(place);
      for (const name of Object.keys(dependencies).filter((each) => !each.startsWith("@mayfly/")))
        expect([place, name, found(made, place, name)]).toEqual([place, name, found(lock, original, name)]);
    }
  });

  test("has a digest each, and no registry's address, script or development dependency", () => {
    const entries = Object.entries(made.packages).filter(([place]) => place !== "");
    for (const [place, entry] of entries)
      expect([place, entry.integrity]).toEqual([place, expect.stringMatching(/^sha512-/)]);
    const text = JSON.stringify(made);
    expect(text).not.toMatch(/"resolved"|"dev"|"devDependencies"|"hasInstallScript"|\/\/registry/);
    expect(Object.keys(made.packages).filter((place) => /vitest|stand-in|typescript$/.test(place))).toEqual(
      [],
    );
  });

  /** The place in the workspace of what stands at a place of the shrinkwrap: the same names on the way, or fewer. */
  function originalOf(place: string): string {
    const entry = made.packages[place];
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    const same = Object.entries(lock.packages).find(
      ([each, { integrity }]) => each.endsWith(`node_modules/${name}`) && integrity === entry?.integrity,
    );
    return same?.[0] ?? "";
  }
});

describe("a shrinkwrap", () => {
  const entry = (version: string, more: Partial<Entry> = {}): Entry => ({
    version,
    integrity: `sha512-${version}`,
    ...more,
  });
  const small = (more: Readonly<Record<string, Entry>>): Lock => ({
    packages: { "packages/a": { version: "1.0.0", dependencies: { b: "1", c: "1" } }, ...more },
  });

  test("gives two packages the two versions of a third that they ask for", () => {
    const made = wrap(
      "packages/a",
      small({
        "packages/a/node_modules/d": entry("1.0.0"),
        "node_modules/b": entry("1.0.0", { dependencies: { d: "2" } }),
        "node_modules/d": entry("2.0.0"),
        "node_modules/c": entry("1.0.0", { dependencies: { d: "3" } }),
        "node_modules/c/node_modules/d": entry("3.0.0"),
      }),
    );
    expect([found(made, "node_modules/b", "d"), found(made, "node_modules/c", "d")]).toEqual([
      "2.0.0",
      "3.0.0",
    ]);
  });

  test("brings what a package asks of whoever installs it, unless it can do without", () => {
    const made = wrap(
      "packages/a",
      small({
        "node_modules/b": entry("1.0.0", {
          peerDependencies: { d: "1", e: "1" },
          peerDependenciesMeta: { e: { optional: true } },
        }),
        "node_modules/c": entry("1.0.0"),
        "node_modules/d": entry("1.0.0"),
        "node_modules/e": entry("1.0.0"),
      }),
    );
    expect(Object.keys(made.packages)).toEqual(["", "node_modules/b", "node_modules/c", "node_modules/d"]);
  });

  test.each([
    ["is not in the lock file", {}, "packages/a ships with b"],
    ["has no digest", { "node_modules/b": { version: "1.0.0" } }, "holds no digest of node_modules/b"],
    [
      "runs a script at its installation",
      { "node_modules/b": entry("1.0.0", { hasInstallScript: true }) },
      "node_modules/b runs a script",
    ],
  ])("is refused when a dependency %s", (_, entries, problem) => {
    expect(() => wrap("packages/a", small({ "node_modules/c": entry("1.0.0"), ...entries }))).toThrow(
      problem,
    );
  });
});

describe("the repository of what is built", () => {
  test.each([
    ["https://github.com/owner/mayfly.git", "git+https://github.com/owner/mayfly.git"],
    ["https://github.com/owner/mayfly", "git+https://github.com/owner/mayfly.git"],
    ["https://user:token@git.example.com/team/mayfly.git/", "git+https://git.example.com/team/mayfly.git"],
    ["git@github.com:owner/mayfly.git", "git+https://github.com/owner/mayfly.git"],
    ["ssh://git@git.example.com:2222/team/mayfly", "git+https://git.example.com/team/mayfly.git"],
    ["/srv/git/mayfly.git", undefined],
    ["file:///srv/git/mayfly.git", undefined],
    ["", undefined],
  ])("%j is %s", (remote, address) => expect(addressOf(remote)).toBe(address));

  test("is that of the workflow that builds it", () => {
    expect(
      repositoryOf(root, { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "owner/fork" }),
    ).toEqual({ type: "git", url: "git+https://github.com/owner/fork.git" });
  });
});
