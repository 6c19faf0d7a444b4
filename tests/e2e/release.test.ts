// tier: full
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";

// A copy of the working tree as a repository of its own: the release wants a clean tree, and leaves a build behind.
let copy: string;

const run = (program: string, ...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(program, args, { cwd: copy, encoding: "utf8", maxBuffer: 1 << 28 });
const git = (...args: string[]): SpawnSyncReturns<string> =>
  run("git", "-c", "user.name=Test", "-c", "user.email=test@mayfly.test", ...args);
/** Makes the copy look installed: nothing is fetched, whatever wrote its lock file. A file of its own, not a hard link. */
function markInstalled(): void {
  const stamp = path.join(copy, "node_modules/.package-lock.json");
  const text = readFileSync(stamp);
  rmSync(stamp);
  writeFileSync(stamp, text);
}
const version = (): string =>
  (JSON.parse(readFileSync(path.join(copy, "package.json"), "utf8")) as { readonly version: string }).version;

/** In a container the checkout often belongs to another user than the one who runs the tests. */
const anyOwner = ["-c", "safe.directory=*"];

beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), "mayfly-release-"));
  const listed = spawnSync(
    "git",
    [...anyOwner, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    },
  );
  for (const file of listed.stdout
    .split("\0")
    .filter((each) => each !== "" && existsSync(path.join(root, each)))) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    // With its time, so that nothing looks newer than what is installed.
    cpSync(path.join(root, file), path.join(copy, file), { preserveTimestamps: true });
  }
  // Hard links: the workspace's own links then lead to the packages of the copy.
  for (const folder of [
    "node_modules",
    ...readdirSync(path.join(root, "packages")).map((name) => `packages/${name}/node_modules`),
  ])
    if (existsSync(path.join(root, folder))) {
      const linked = spawnSync("cp", ["-al", path.join(root, folder), path.join(copy, folder)], {
        encoding: "utf8",
      });
      if (linked.status !== 0)
        cpSync(path.join(root, folder), path.join(copy, folder), {
          recursive: true,
          verbatimSymlinks: true,
          preserveTimestamps: true,
        });
    }
  markInstalled();
  git("init", "--quiet");
  git("add", "--all");
  if (git("commit", "--quiet", "--message", "A copy").status !== 0) throw new Error("nothing to copy");
}, 300_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const release = (...args: string[]): SpawnSyncReturns<string> =>
  run(process.execPath, "scripts/release.mjs", ...args);

test("a tree that is not committed, a version without a section and packages that disagree are all named", () => {
  writeFileSync(path.join(copy, "notes.txt"), "not committed");
  expect(release("--set", "9.9.9")).toMatchObject({ status: 0 });
  const manifest = path.join(copy, "packages/sdk/package.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"9.9.9"', '"9.9.8"'));
  const refused = release("--dry-run");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("?? notes.txt");
  expect(refused.stderr).toContain('CHANGELOG.md has no section "## [9.9.9]');
  expect(refused.stderr).toContain("@mayfly/sdk: version is 9.9.8, not 9.9.9");
  expect(existsSync(path.join(copy, "build"))).toBe(false);
  rmSync(path.join(copy, "notes.txt"));
  git("checkout", "--quiet", ".");
});

test("a dry run makes everything that ships, and neither tags nor publishes", { timeout: 900_000 }, () => {
  const before = version();
  expect(release("--set", "9.9.9-rc.1")).toMatchObject({ status: 0 });
  const changelog = path.join(copy, "CHANGELOG.md");
  const text = readFileSync(changelog, "utf8");
  writeFileSync(
    changelog,
    text.replace(
      "## [Unreleased]\n",
      "## [Unreleased]\n\n## [9.9.9-rc.1] - 2026-01-31\n### Added\n- A thing.\n",
    ),
  );
  git("commit", "--quiet", "--all", "--message", "Prepare 9.9.9-rc.1");
  markInstalled();
  const ran = release("--dry-run");
  expect(ran.stderr + ran.stdout).toContain("releasing 9.9.9-rc.1");
  expect(ran).toMatchObject({ status: 0 });

  const made = path.join(copy, "build/release");
  const tarballs = ["mayfly-audit-verifier", "mayfly-sdk", "mayfly", "mayflyd"].map(
    (name) => `${name}-9.9.9-rc.1.tgz`,
  );
  const bills = ["audit-verifier", "cli", "gateway", "sdk"].map((name) => `${name}.cdx.json`);
  expect(readdirSync(made).toSorted()).toEqual(["SHA256SUMS", ...bills, ...tarballs].toSorted());
  const digests = readFileSync(path.join(made, "SHA256SUMS"), "utf8").trimEnd().split("\n");
  expect(digests).toHaveLength(bills.length + tarballs.length);
  for (const line of digests) {
    const [digest, file = ""] = line.split("  ");
    expect(
      createHash("sha256")
        .update(readFileSync(path.join(made, file)))
        .digest("hex"),
    ).toBe(digest);
  }
  for (const [folder, more, unwanted] of [
    ["gateway", ["react", "fast-deep-equal"], "vitest"],
    ["cli", ["canonicalize"], "fastify"],
    ["sdk", [], "commander"],
    ["audit-verifier", [], "jose"],
  ] as const) {
    const { components } = JSON.parse(readFileSync(path.join(made, `${folder}.cdx.json`), "utf8")) as {
      readonly components: readonly { readonly "bom-ref": string }[];
    };
    const { dependencies } = JSON.parse(
      readFileSync(path.join(copy, `packages/${folder}/package.json`), "utf8"),
    ) as { readonly dependencies: Readonly<Record<string, string>> };
    const names = components.map((each) => each["bom-ref"].replace(/@[^@]*$/, ""));
    expect(names).toEqual(expect.arrayContaining([...Object.keys(dependencies), ...more]));
    expect(names).not.toContain(unwanted);
    expect(names.filter((name) => /stand-in|^@mayfly\/testing$|^vite$|^vitest$|^@vitejs/.test(name))).toEqual(
      [],
    );
  }
  const listed = run("tar", "-tzf", path.join(made, "mayflyd-9.9.9-rc.1.tgz")).stdout.split("\n");
  expect(listed).toEqual(
    expect.arrayContaining(["package/bin/mayflyd.js", "package/dist/main/mayflyd.js", "package/LICENSE"]),
  );
  for (const program of ["gateway/bin/mayflyd.js", "cli/bin/mayfly.js"])
    expect(run(process.execPath, `build/${program}`, "--version").stdout.trim()).toBe("9.9.9-rc.1");

  const announced = ran.stdout.split("\n").filter((line) => line.startsWith("would run: "));
  expect(announced[0]).toContain("git tag --annotate v9.9.9-rc.1");
  expect(announced.slice(2)).toEqual(
    tarballs.map(
      (file) => `would run: npm publish build/release/${file} --provenance --access=public --tag=next`,
    ),
  );
  expect(git("tag", "--list").stdout).toBe("");
  expect(git("status", "--porcelain").stdout).toBe("");
  expect(before).not.toBe(version());

  git("tag", "v9.9.9-rc.1");
  const again = release("--dry-run");
  expect(again.status).toBe(1);
  expect(again.stderr).toContain("the tag v9.9.9-rc.1 exists");
});
