import { spawn } from "node:child_process";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./gateway.ts";

/** Runs the inspector's command line with a token; answers what it printed, as JSON. */
export type Inspect = (token: string, args: readonly string[]) => Promise<unknown>;

/**
 * Installs the official inspector's command line into an empty folder. Its package reads the version of the package that it is
 * part of: laid out as there, and otherwise as it is.
 */
export function installInspector(
  folder: string,
  gateway: { readonly url: string; readonly caFile: string },
): Inspect {
  const modules = path.join(root, "node_modules");
  const build = path.join(modules, "@modelcontextprotocol/inspector-cli/build");
  cpSync(build, path.join(folder, "cli/build"), { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{"name":"inspector","version":"1.0.3","type":"module"}');
  symlinkSync(modules, path.join(folder, "node_modules"));
  const cli = path.join(folder, "cli/build/index.js");
  return async (token, args) => {
    const given = ["--transport", "http", "--header", `Authorization: Bearer ${token}`];
    // With the gateway's CA among those that Node trusts.
    const child = spawn(process.execPath, [cli, `${gateway.url}/mcp`, ...args, ...given], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: gateway.caFile },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (errors += part));
    await new Promise((resolve) => child.once("close", resolve));
    try {
      return JSON.parse(out) as unknown;
    } catch {
      throw new Error(`no JSON: ${out}${errors}`);
    }
  };
}
