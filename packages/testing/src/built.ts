import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { root } from "./gateway.ts";

/** Runs a program to its end. @returns what it printed. @throws Error with what it said when it fails */
export function runToEnd(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    let printed = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${program} ${args.join(" ")} ended with ${code}\n${said}${printed}`));
    });
  });
}

/** Builds and packs what ships, as `npm run build` and `npm pack` do. @returns the tarballs' paths */
export async function packTo(folder: string): Promise<readonly string[]> {
  const built = path.join(folder, "build");
  await runToEnd(process.execPath, ["scripts/build.mjs", "--to", built]);
  const packages = ["audit-verifier", "sdk", "cli", "gateway"].map((name) => path.join(built, name));
  await runToEnd("npm", ["pack", "--ignore-scripts", `--pack-destination=${folder}`, ...packages]);
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(".tgz")).map((name) => path.join(folder, name));
}
