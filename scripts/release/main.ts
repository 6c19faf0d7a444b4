// The release: `npm run release -- --dry-run` does everything but tag and publish. CONTRIBUTING.md tells the whole way.
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { billsOf } from "./bills.ts";
import { changelogEntry } from "./changelog.ts";
import { distTagOf, isVersion, type Manifest, versionProblems, withVersion } from "./versions.ts";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const artifacts = path.join(root, "build/release");
/** What ships, in the order of dependencies: nobody can install a package before what it needs is there. */
const shipped = ["audit-verifier", "sdk", "cli", "gateway"];

class ReleaseRefused extends Error {}

function readManifest(file: string): Manifest & { readonly name: string } {
  return JSON.parse(readFileSync(path.join(root, file), "utf8")) as Manifest & { readonly name: string };
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(path.join(root, file), `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Runs a program and answers what it printed. @throws when it ends with anything but 0 */
function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Runs a program with its output shown. @throws when it ends with anything but 0 */
function show(program: string, ...args: string[]): void {
  execFileSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
}

const manifestFiles = readdirSync(path.join(root, "packages")).map((name) => `packages/${name}/package.json`);

function setVersion(version: string): void {
  if (!isVersion(version)) throw new ReleaseRefused(`${version} is no version like 1.2.3 or 1.2.3-rc.1`);
  const ours = new Set(manifestFiles.map((file) => readManifest(file).name));
  for (const file of ["package.json", ...manifestFiles])
    writeJson(file, withVersion(readManifest(file), version, ours));
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Record<string, Manifest>;
  };
  for (const [place, entry] of Object.entries(lock.packages))
    if (place === "" || /^packages\/[^/]+$/.test(place))
      lock.packages[place] = withVersion(entry, version, ours);
  writeJson("package-lock.json", { ...lock, ...("version" in lock ? { version } : {}) });
  console.log(`version ${version}: now give CHANGELOG.md its section, and commit`);
}

/** Everything that must be true before anything is made. All problems at once, so that one run shows them all. */
function checkReady(version: string, tag: string): void {
  const problems = [
    ...versionProblems(
      readManifest("package.json"),
      manifestFiles.map((file) => readManifest(file)),
    ),
  ];
  const entry = changelogEntry(readFileSync(path.join(root, "CHANGELOG.md"), "utf8"), version);
  if (entry.kind === "problem") problems.push(entry.problem);
  const changed = output("git", "status", "--porcelain");
  if (changed !== "") problems.push(`not committed:\n${changed.trimEnd()}`);
  if (output("git", "tag", "--list", tag).trim() !== "") problems.push(`the tag ${tag} exists`);
  if (problems.length > 0) throw new ReleaseRefused(problems.join("\n"));
}

/** The programs that were built say the version that is released. */
function checkBuilt(version: string): void {
  for (const program of ["build/gateway/bin/mayflyd.js", "build/cli/bin/mayfly.js"]) {
    const said = output(process.execPath, program, "--version").trim();
    if (said !== version) throw new ReleaseRefused(`${program} --version says ${said}, not ${version}`);
  }
}

/** One bill of materials a package, from the lock file alone. */
function writeBillsOfMaterials(version: string): void {
  for (const [folder, bill] of billsOf(root, shipped, version)) {
    const serialNumber = `urn:uuid:${randomUUID()}`;
    writeFileSync(
      path.join(artifacts, `${folder}.cdx.json`),
      `${JSON.stringify({ ...bill, serialNumber }, undefined, 2)}\n`,
    );
  }
}

/** Packs a built package; answers the tarball's file name. */
function pack(folder: string): string {
  const printed = output("npm", "pack", `./build/${folder}`, `--pack-destination=${artifacts}`, "--json");
  const [packed] = JSON.parse(printed) as readonly { readonly filename: string }[];
  if (packed === undefined) throw new ReleaseRefused(`npm packed nothing for ${folder}`);
  // npm 9 and older name the file by the scope's slash and write it with a dash.
  return packed.filename.replace(/^@/, "").replaceAll("/", "-");
}

function writeDigests(): void {
  const lines = readdirSync(artifacts)
    .filter((file) => file !== "SHA256SUMS")
    .toSorted()
    .map(
      (file) =>
        `${createHash("sha256")
          .update(readFileSync(path.join(artifacts, file)))
          .digest("hex")}  ${file}`,
    );
  writeFileSync(path.join(artifacts, "SHA256SUMS"), `${lines.join("\n")}\n`);
}

function release(isDryRun: boolean): void {
  const { version = "" } = readManifest("package.json");
  const tag = `v${version}`;
  checkReady(version, tag);
  console.log(`releasing ${version}`);
  show("npm", "run", "build");
  checkBuilt(version);
  mkdirSync(artifacts, { recursive: true });
  writeBillsOfMaterials(version);
  const tarballs = shipped.map((folder) => pack(folder));
  writeDigests();
  console.log(`made in build/release: ${readdirSync(artifacts).toSorted().join(", ")}`);
  const steps: readonly (readonly [string, ...string[]])[] = [
    ["git", "tag", "--annotate", tag, `--message=Mayfly ${version}`],
    ["git", "push", "origin", tag],
    ...tarballs.map(
      (file) =>
        [
          "npm",
          "publish",
          path.join("build/release", file),
          "--provenance",
          "--access=public",
          `--tag=${distTagOf(version)}`,
        ] as const,
    ),
  ];
  for (const [program, ...args] of steps) {
    if (isDryRun) console.log(`would run: ${[program, ...args].join(" ")}`);
    else show(program, ...args);
  }
}

try {
  const { values } = parseArgs({ options: { "dry-run": { type: "boolean" }, set: { type: "string" } } });
  if (values.set !== undefined) setVersion(values.set);
  else release(values["dry-run"] === true);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
