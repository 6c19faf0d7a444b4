// tier: full
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { foldersAbove } from "./sandbox/paths.ts";
import { mayflyBin, type TestBed, useTestBed } from "./testing/cli.ts";

const testing = new URL("sandbox/testing", import.meta.url).pathname;

let bed: TestBed;
useTestBed((made) => (bed = made));

const run = ["run", "--sandbox", "orders-db/read-orders", "--reason", "TICKET-1", "--"];
const states = (): string[] => [...bed.all.grants.store.grants.values()].map(({ state }) => state);

/** A process's arguments; none where it has ended. */
function commandOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** An account that owns nothing. */
const NOBODY = 65_534;

/** Whether we can become another account, to which the program is readable. */
function canBeNobody(): boolean {
  const folders = [process.execPath, mayflyBin].flatMap(foldersAbove);
  return process.getuid?.() === 0 && folders.every((folder) => (statSync(folder).mode & 0o005) === 0o005);
}

describe("run --sandbox", () => {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(bed.state, path)), { recursive: true });
    writeFileSync(join(bed.state, path), text);
  };

  it("gives back the command's exit code, and releases", async () => {
    const ran = await bed.run([...run, "sh", "-c", "echo in; exit 42"]);
    expect([ran.code, ran.stdout]).toEqual([42, "in\n"]);
    expect(states()).toEqual(["released"]);
  });

  it.each(["SEGV", "KILL", "PIPE"])("tells by its exit code that SIG%s ended the command", async (signal) => {
    const ran = await bed.run([...run, "sh", "-c", `kill -${signal} $$`]);
    expect(ran.code).toBe({ SEGV: 139, KILL: 137, PIPE: 141 }[signal]);
    expect(states()).toEqual(["released"]);
  });

  it.each<NodeJS.Signals>(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])("passes %s on", async (signal) => {
    const script = `trap 'echo caught; exit 7' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    const running = bed.start([...run, "sh", "-c", script]);
    await running.says("ready");
    running.kill(signal);
    expect(await running.done).toMatchObject({ code: 7, stdout: "ready\ncaught\n" });
    expect(states()).toEqual(["released"]);
  });

  it.each([
    [
      "catches it goes on",
      "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done",
      9,
      "caught",
    ],
    ["does not is ended by it", "echo ready; exec sleep 60", 130, "mayfly: released"],
  ])("at a terminal, Ctrl-C is the command's: what %s", async (_, script, code, said) => {
    const command = [process.execPath, mayflyBin, ...run, "sh", "-c", script];
    const ran = spawn("python3", [join(testing, "at-terminal.py"), ...command], { env: bed.environment });
    let shown = "";
    ran.stdout.on("data", (text: Buffer) => (shown += text.toString()));
    expect([...((await once(ran, "close")) as [number]), shown]).toEqual([
      code,
      null,
      expect.stringContaining(said),
    ]);
    expect(states()).toEqual(["released"]);
  });

  it("finds the command as a shell does, and says what is wrong with it", async () => {
    const script = join(bed.state, "a=b c");
    writeFileSync(script, 'echo "$# $1"');
    expect((await bed.run([...run, script])).code).toBe(126);
    chmodSync(script, 0o755);
    expect(await bed.run([...run, script, "d=e f", "--"])).toMatchObject({ code: 0, stdout: "2 d=e f\n" });
    expect(await bed.run([...run, "no-such-command-here"])).toMatchObject({ code: 127 });
    expect(states()).toEqual(["released", "released"]);
  });

  it("keeps every variable that is no login, whatever its name", async () => {
    const odd = { "my.var": "1", "my-var": "2", "1x": "3", "BASH_FUNC_f%%": "() { :; }", "with space": "4" };
    const { stdout } = await bed.run([...run, process.execPath, "-p", "JSON.stringify(process.env)"], odd);
    expect(JSON.parse(stdout)).toMatchObject(odd);
    expect(Object.keys(JSON.parse(stdout) as object)).not.toContain("PWD");
  });

  it("asks for nothing where no sandbox can be had, and says why", async () => {
    const bin = join(bed.state, "bin");
    mkdirSync(bin);
    const none = await bed.run([...run.slice(0, -1), "--", "/bin/true"], { PATH: bin });
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^mayfly: --sandbox: it needs bubblewrap, and there is no bwrap in PATH\nhint: install/,
      ),
    ]);
    const said = (text: string): void => {
      writeFileSync(join(bin, "bwrap"), `#!/bin/sh\n${text}\n`);
      chmodSync(join(bin, "bwrap"), 0o755);
    };
    said("echo bubblewrap 0.7.0");
    expect((await bed.run([...run, "/bin/true"], { PATH: bin })).stderr).toContain(
      "it needs bubblewrap 0.8 or newer",
    );
    said(
      'case $1 in --version) echo bubblewrap 0.9.0;; *) echo "bwrap: No permissions to create new namespace" >&2; exit 1;; esac',
    );
    expect((await bed.run([...run, "/bin/true"], { PATH: bin })).stderr).toContain(
      "none can be made here: bwrap: No permissions to create new namespace\nhint: it needs user namespaces",
    );
    expect([...bed.all.grants.store.requests.keys()]).toEqual([]);
  });

  it("has no sight of logins that lie here", async () => {
    mkdirSync(join(bed.state, ".aws"));
    writeFileSync(join(bed.state, ".aws", "credentials"), "[default]\naws_secret_access_key = c4n4ry\n");
    writeFileSync(join(bed.state, ".pgpass"), "db.internal:5432:shop:a:c4n4ry\n", { mode: 0o600 });
    const script =
      "cat ~/.aws/credentials ~/.pgpass; env | grep c4n4ry; mv ~/.aws ~/away || echo stays; ls -A ~/mayfly";
    const ran = await bed.run([...run, "sh", "-c", script], {
      AWS_SECRET_ACCESS_KEY: "c4n4ry",
      HTTPS_PROXY: "http://u:c4n4ry@p:1",
    });
    expect(ran.stdout).toBe("stays\n");
  });

  it("stands for a gateway at its own name and port, a low one too", async () => {
    // Who listens (proc_pid_net(5), tcp): a connection would come to nothing, since no such gateway is outside.
    const script = [
      "import socket",
      "print(*socket.getaddrinfo('gateway.test', 443, socket.AF_INET, socket.SOCK_STREAM)[0][4])",
      "print('0200007F:01BB' in open('/proc/net/tcp').read())",
    ].join("\n");
    const start = `import { prepareSandbox } from ${JSON.stringify(new URL("sandbox/start.ts", import.meta.url).href)};
      const sandbox = await prepareSandbox(() => false);
      const doors = [{ host: "gateway.test", port: 443 }];
      const started = await sandbox.start(["python3", "-c", ${JSON.stringify(script)}], doors, process.env, []);
      process.exitCode = await started.exit;`;
    const file = join(bed.state, "start.mjs");
    writeFileSync(file, start);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: bed.environment });
    expect(stdout).toBe("127.0.0.2 443\nTrue\n");
  });

  it.skipIf(!canBeNobody())("can be had without root, and where the home folder is read-only", async () => {
    write("home/.pgpass", "db.internal:5432:shop:a:c4n4ry\n");
    const home = join(bed.state, "home");
    chmodSync(bed.state, 0o755);
    chownSync(join(home, ".pgpass"), NOBODY, NOBODY);
    chmodSync(join(home, ".pgpass"), 0o600);
    const as = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups", "--no-new-privs"];
    const command = [process.execPath, mayflyBin, ...run, "sh", "-c", "id -u; cat ~/.pgpass; echo end"];
    const env = { ...bed.environment, HOME: home, XDG_STATE_HOME: home };
    const { stdout } = await promisify(execFile)("setpriv", [...as, ...command], { env });
    expect(stdout).toBe(`${NOBODY}\nend\n`);
    expect(states()).toEqual(["released"]);
  });

  const later = "echo ready; while :; do sleep 0.05; done";
  const old = "[default]\naws_secret_access_key = c4n4ry-1\n";
  const fresh = "[default]\naws_secret_access_key = c4n4ry-2\n";

  it.each<[string, () => void]>([
    [
      "a login's file is replaced",
      () => {
        write(".aws/new", fresh);
        renameSync(join(bed.state, ".aws/new"), join(bed.state, ".aws/credentials"));
      },
    ],
    [
      "it is removed and made anew",
      () => {
        rmSync(join(bed.state, ".aws/credentials"));
        write(".aws/credentials", fresh);
      },
    ],
    [
      "its folder is replaced",
      () => {
        write("new/credentials", fresh);
        renameSync(join(bed.state, ".aws"), join(bed.state, "old"));
        renameSync(join(bed.state, "new"), join(bed.state, ".aws"));
      },
    ],
  ])("ends the command when a cover is lost: %s outside", async (_, change) => {
    write(".aws/credentials", old);
    const running = bed.start([...run, "sh", "-c", later]);
    await running.says("ready");
    change();
    const ran = await running.done;
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      `mayfly: --sandbox: ${join(bed.state, ".aws/credentials")} was replaced by something outside, and what it holds now would be in sight: the command is ended\nhint: `,
    );
    expect(states()).toEqual(["released"]);
  });

  it("lets the command go on where a login is changed in its place, or removed", async () => {
    write(".aws/credentials", old);
    write(".netrc", "machine db.internal password c4n4ry");
    const script =
      "echo ready; until test -e ~/go; do sleep 0.02; done; cat ~/.aws/credentials; cat ~/.netrc; sleep 1; echo end";
    const running = bed.start([...run, "sh", "-c", script]);
    await running.says("ready");
    write(".aws/credentials", fresh);
    rmSync(join(bed.state, ".netrc"));
    write("go", "");
    expect(await running.done).toMatchObject({ code: 0, stdout: "ready\nend\n" });
  });

  it.each([
    ["left it", "setsid sleep 1000 $0 >/dev/null 2>&1 &", ""],
    ["kept the kernel from it", `python3 ${join(testing, "outlives.py")} $0`, "traced\n"],
  ])("leaves nothing that runs: what has %s is ended, too", async (_, script, said) => {
    // By this word its processes are known.
    const word = `1000.${process.pid}`;
    const left = (): readonly string[] =>
      readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(pid).at(-1) === word);
    const ran = await bed.run([...run, "sh", "-c", script, word]);
    expect(ran).toMatchObject({ code: 0, stdout: said });
    await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 20_000 });
  });

  it("has no way out but the grant's, and each is one without it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-ways-"));
    const outside = spawn("python3", [join(testing, "outside.py"), folder]);
    try {
      const [line] = (await once(outside.stdout, "data")) as [Buffer];
      const secret = join(bed.state, ".aws", "credentials");
      const [shut, key, login] = [
        join(bed.state, ".netrc"),
        join(bed.state, "agent.pem"),
        join(bed.state, "mayfly", "default.json"),
      ];
      for (const path of [secret, login]) mkdirSync(dirname(path), { recursive: true });
      writeFileSync(secret, "[default]\naws_secret_access_key = mayfly-way-out\n");
      writeFileSync(shut, "machine db.internal password mayfly-way-out\n", { mode: 0o000 });
      writeFileSync(key, "mayfly-way-out");
      writeFileSync(
        login,
        JSON.stringify({ url: "https://gateway.invalid", key, accessToken: "mayfly-way-out" }),
        { mode: 0o600 },
      );
      const here = JSON.stringify({
        ...(JSON.parse(line.toString()) as object),
        secret,
        shut,
        key,
        login,
        fd: 200,
      });
      const env = {
        SHOP_TOKEN: "mayfly-way-out",
        HTTPS_PROXY: "http://127.0.0.1:1",
        // Covering what is not there in a sandbox would bring the host's back.
        GOOGLE_APPLICATION_CREDENTIALS: (JSON.parse(line.toString()) as { readonly devshm: string }).devshm,
      };
      const command = ["python3", join(testing, "ways-out.py"), here];
      const outcomes = async (args: readonly string[]): Promise<ReadonlyMap<string, string>> => {
        // What mayfly itself inherited.
        const wrapped = [
          "-c",
          'exec "$@" 200</dev/null',
          "bash",
          process.execPath,
          mayflyBin,
          ...args,
          ...command,
        ];
        const { stdout } = await promisify(execFile)("bash", wrapped, {
          env: { ...bed.environment, ...env },
        });
        return new Map(
          stdout
            .trim()
            .split("\n")
            .map((each) => JSON.parse(each) as [string, string]),
        );
      };
      const without = await outcomes(run.filter((each) => each !== "--sandbox"));
      const within = await outcomes(run);
      expect(within.size).toBeGreaterThan(30);
      expect([...within].filter(([, found]) => found === "open")).toEqual([]);
      expect([...without].filter(([, found]) => found !== "open")).toEqual([]);
    } finally {
      outside.stdin.end();
      await once(outside, "close");
      rmSync(folder, { recursive: true });
    }
  });
});
