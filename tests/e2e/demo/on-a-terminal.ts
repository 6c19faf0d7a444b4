import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { afterEach, beforeEach, expect } from "vitest";

/** The walk takes a minute on a machine that does nothing else. */
export const PATIENCE_MS = 360_000;
const CTRL_C = "\u0003";

/** What marks every process of one demo: each inherits its environment. */
let mark: string;
/** Where that demo makes its temporary folders. */
let folder: string;
beforeEach(async () => {
  mark = `MAYFLY_DEMO_TEST=${randomUUID()}`;
  folder = await mkdtemp(path.join(tmpdir(), "mayfly-demo-test-"));
  // PostgreSQL runs as another user where the tests run as root.
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Processes that carry the mark, with what they run. */
function processes(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
        return isOurs ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
      } catch {
        return []; // it has ended meanwhile, or is somebody else's
      }
    });
}

/** Runs the demo as `npm run demo` does, on a terminal, and presses Ctrl-C once that has come to pass. */
export async function interrupted(
  when: (said: string) => boolean,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const [name = "", value = ""] = mark.split("=");
  const child = spawn("script", ["-qefc", "exec node scripts/demo.mjs", "/dev/null"], {
    cwd: root,
    env: {
      ...process.env,
      [name]: value,
      TMPDIR: folder,
      PATH: `${path.join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  let isPressed = false;
  const look = (): void => {
    if (isPressed || !when(said)) return;
    isPressed = true;
    child.stdin.write(CTRL_C);
  };
  const looking = setInterval(look, 20);
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      look();
    });
  const code = await new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  clearInterval(looking);
  return { code, said };
}

/** The network namespaces of a demo that are still there. */
function namespaces(said: string): readonly string[] {
  const mark = /namespaces (mf-[0-9a-f]+-)agent/.exec(said)?.[1];
  if (mark === undefined) return [];
  const { stdout } = spawnSync("ip", ["netns", "list"], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.startsWith(mark));
}

/** What the terminal's signal ends beside the demo may take a moment longer than the demo itself. */
export const expectNothingLeft = (said: string): Promise<void> =>
  expect.poll(() => [processes(), readdirSync(folder), namespaces(said)]).toEqual([[], [], []]);

export const hasFolder = (beginning: string): boolean =>
  readdirSync(folder).some((name) => name.startsWith(beginning));
export const hasIn = (beginning: string, file: string): boolean =>
  readdirSync(folder).some((name) => name.startsWith(beginning) && existsSync(path.join(folder, name, file)));
