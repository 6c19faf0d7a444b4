// Makes a fresh clone ready: the project's packages (its own Node among them) from npm, and what Debian has to give.
// Runs on the Node that the machine has, 20 or newer, before anything is installed: no dependencies here.
import { spawn } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "./console.mjs";
import { progress } from "./progress.mjs";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, "node_modules");
const unpacked = path.join(root, ".cache", "debian");
/** Where Debian's python3 finds the modules that came as Debian packages, from the root of a file system. */
const pythonModules = "usr/lib/python3/dist-packages";
/** Where a browser that was unpacked finds fonts: the system's, if it has any, and those that came with it. */
const fonts = path.join(root, ".cache", "fonts.conf");

/** The environment in which everything of ours runs: the project's Node first, then what was unpacked from Debian. */
export function environment() {
  const more = [path.join(modules, ".bin")];
  const libraries = [];
  if (existsSync(unpacked)) {
    const postgres = path.join(unpacked, "usr/lib/postgresql");
    if (existsSync(postgres))
      for (const version of readdirSync(postgres)) more.push(path.join(postgres, version, "bin"));
    // Chromium's launcher in usr/bin looks for the program where Debian installs it, which is not here.
    more.push(path.join(unpacked, "usr/lib/chromium"));
    more.push(path.join(unpacked, "usr/sbin"), path.join(unpacked, "usr/bin"));
    const lib = path.join(unpacked, "usr/lib"); // not there yet while the first package is on its way
    for (const name of existsSync(lib) ? readdirSync(lib) : [])
      if (name.endsWith("-linux-gnu"))
        libraries.push(path.join(lib, name), path.join(lib, name, "pulseaudio"));
  }
  // Debian leaves its folder of system programs (ip, nft) out of the PATH of some.
  const env = { ...process.env, PATH: [...more, process.env.PATH ?? "", "/usr/sbin"].join(path.delimiter) };
  if (libraries.length > 0)
    env.LD_LIBRARY_PATH = [...libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  if (existsSync(fonts)) env.FONTCONFIG_FILE = fonts;
  // Types are stripped once, and not by WebAssembly in every worker: V8 crashes now and then where threads come and go that
  // have some (Node's issue 64500).
  env.NODE_COMPILE_CACHE ??= path.join(modules, ".cache", "node");
  const modulesOfPython = path.join(unpacked, pythonModules);
  if (existsSync(modulesOfPython))
    env.PYTHONPATH = [modulesOfPython, process.env.PYTHONPATH].filter(Boolean).join(path.delimiter);
  return env;
}

/** Runs a command; its output is kept and shown only when it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(),
      ...options,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code}\n${output.slice(-4000)}`));
    });
  });
}

/** Where a program is, searched in our own environment; undefined when there is none. */
export function find(program) {
  for (const folder of (environment().PATH ?? "").split(path.delimiter)) {
    const file = path.join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return undefined;
}

async function installPackages() {
  const stamp = path.join(modules, ".package-lock.json");
  const lock = path.join(root, "package-lock.json");
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  await progress("installing the project's packages from npm, its own Node among them", () =>
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]),
  );
}

/**
 * Makes sure that node_modules/.bin leads to the project's Node. npm 9, which Debian 13 has, takes that link away
 * again: the packages for other platforms, which it leaves out, name the same program.
 */
function linkNode() {
  const link = path.join(modules, ".bin", "node");
  if (existsSync(link)) return;
  const name = readdirSync(modules).find(
    (entry) => entry.startsWith("node-") && existsSync(path.join(modules, entry, "bin", "node")),
  );
  if (name === undefined) {
    if (Number.parseInt(process.versions.node, 10) >= 24) return;
    throw new Error(
      `npm installed no Node for ${process.platform} ${process.arch}\nhint: run \`npm ci\` again (a download may have failed), or put Node 24 or newer first in PATH`,
    );
  }
  rmSync(link, { force: true });
  symlinkSync(path.join("..", name, "bin", "node"), link);
}

/** Fetches the lists of packages into .cache, without touching the system's. @returns what makes apt-get use them */
async function updateOwnLists() {
  const state = path.join(root, ".cache", "apt");
  for (const folder of ["lists/partial", "archives/partial"])
    mkdirSync(path.join(state, folder), { recursive: true });
  const flags = [
    "-q",
    "-o",
    `Dir::State::lists=${state}/lists`,
    "-o",
    `Dir::Cache=${state}`,
    "-o",
    "Debug::NoLocking=1",
  ];
  await run("apt-get", [...flags, "update"]);
  return flags;
}

/** Downloads Debian packages into a folder, and installs nothing. apt checks each against Debian's signed lists. */
export async function downloadDebian(packages, folder) {
  const flags = await updateOwnLists();
  mkdirSync(folder, { recursive: true });
  await run("apt-get", [...flags, "download", ...packages], { cwd: folder });
}

/**
 * Installs Debian packages: as root with apt-get, otherwise unpacked under .cache without touching the system.
 * @param onlyUnpack never installs: for packages that would start a service of their own
 */
async function installDebian(packages, onlyUnpack = false) {
  if (find("apt-get") === undefined) {
    throw new Error(
      `needed from your system: ${packages.join(", ")}\nhint: install them with your package manager and run this again`,
    );
  }
  if (process.getuid?.() === 0 && !onlyUnpack) {
    const env = { ...environment(), DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-q"], { env });
    await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], { env });
    return;
  }
  const flags = await updateOwnLists();
  const archives = path.join(root, ".cache", "apt", "archives");
  for (const folder of [archives, unpacked]) mkdirSync(folder, { recursive: true });
  const plan = await run("apt-get", [
    ...flags,
    "install",
    "--no-install-recommends",
    "--print-uris",
    "-y",
    ...packages,
  ]);
  const names = [...plan.matchAll(/^'\S+' (\S+?)_/gm)].map((match) => match[1]);
  await run("apt-get", [...flags, "download", ...names], { cwd: archives });
  for (const file of readdirSync(archives)) {
    if (file.endsWith(".deb")) await run("dpkg", ["-x", path.join(archives, file), unpacked]);
  }
  const folder = path.join(unpacked, "usr/share/fonts");
  if (!existsSync(folder)) return;
  writeFileSync(
    fonts,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>${folder}</dir></fontconfig>
`,
  );
}

/** Programs and Python modules that tests, demo or benchmarks call, and the Debian package of each. */
const debianPackages = {
  psql: "postgresql-client",
  pgbench: "postgresql",
  pgbouncer: "pgbouncer",
  chromium: "chromium",
  curl: "curl",
  nginx: "nginx-light",
  wrk: "wrk",
  faketime: "faketime",
  kubectl: "kubectl",
  containerd: "containerd",
  runc: "runc",
  busybox: "busybox-static",
  "systemd-analyze": "systemd",
  rsyslogd: "rsyslog-openssl",
  litewitness: "litetlog",
  "ssh-agent": "openssh-client",
  ip: "iproute2",
  nft: "nftables",
  bwrap: "bubblewrap",
  psycopg2: "python3-psycopg2",
  psycopg: "python3-psycopg",
  asyncpg: "python3-asyncpg",
  sqlalchemy: "python3-sqlalchemy",
  django: "python3-django",
  javac: "default-jdk-headless",
  jdbc: "libpostgresql-jdbc-java",
  go: "golang-go",
  "lib/pq": "golang-github-lib-pq-dev",
  pgx: "golang-github-jackc-pgx-v4-dev",
  ruby: "ruby",
  activerecord: "ruby-activerecord",
  "ruby-pg": "ruby-pg",
};

/** Where those are that are no programs and no Python modules. */
const libraryFiles = {
  jdbc: "/usr/share/java/postgresql.jar",
  "lib/pq": "/usr/share/gocode/src/github.com/lib/pq/conn.go",
  pgx: "/usr/share/gocode/src/github.com/jackc/pgx/v4/conn.go",
  activerecord: "/usr/share/doc/ruby-activerecord",
  "ruby-pg": "/usr/share/doc/ruby-pg",
};

/** Clients in languages whose tools have to be installed: unpacked somewhere else, they find nothing of their own. */
const installedClients = ["javac", "jdbc", "go", "lib/pq", "pgx", "ruby", "activerecord", "ruby-pg"];

/** The clients that tests/clients runs beside those that npm brings. */
export const clientPrograms = [
  "psql",
  "pgbench",
  "psycopg2",
  "psycopg",
  "asyncpg",
  "sqlalchemy",
  "django",
  ...(process.getuid?.() === 0 ? installedClients : []),
];

/** Whether a program, or a Python module of that name, is here. */
const isHere = (name) =>
  libraryFiles[name] !== undefined
    ? existsSync(libraryFiles[name])
    : debianPackages[name].startsWith("python3-")
      ? ["/", unpacked].some((folder) => existsSync(path.join(folder, pythonModules, name, "__init__.py")))
      : find(name) !== undefined;

const forContainers = ["containerd", "runc", "busybox"];

/** Unpacked and never installed, so that no machine gets a service of containers, databases or logs from us. */
const neverInstalled = [...forContainers, "pgbench", "rsyslogd"];

const isRootOfLinux = process.platform === "linux" && process.getuid?.() === 0;

/** The programs with which the Kubernetes stand-in runs its pods; none where containers cannot be started anyway. */
export const containerPrograms = isRootOfLinux ? forContainers : [];

/** The programs that make hosts out of network namespaces; none where they cannot be made anyway. */
export const hostPrograms = isRootOfLinux ? ["ip", "nft"] : [];

/**
 * Brings everything that is not there yet.
 * @param {readonly (keyof typeof debianPackages)[]} programs
 */
export async function setup(programs = []) {
  await installPackages();
  linkNode();
  const missing = programs.filter((program) => !isHere(program));
  for (const onlyUnpack of [false, true]) {
    const packages = missing
      .filter((program) => neverInstalled.includes(program) === onlyUnpack)
      .map((program) => debianPackages[program]);
    if (packages.length > 0)
      await progress(`installing ${packages.join(", ")} from Debian`, () =>
        installDebian(packages, onlyUnpack),
      );
  }
  for (const program of missing)
    if (!isHere(program))
      throw new Error(`${program} is still missing after installing ${debianPackages[program]}`);
  await buildConsole(run);
}
