import { stringify } from "yaml";
import { formatProblems } from "../../configuration/problems.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { nameHint } from "../../kernel/closest-name.ts";
import { pinOf, pinOfPrompt, promptKey } from "../../protocols/mcp/upstream/pins.ts";
import type { McpTarget } from "../../protocols/mcp/target.ts";
import { connectUpstream } from "../../protocols/mcp/upstream/connect.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";

/** How long a server may take, milliseconds. */
const timeout = 60_000;

/**
 * `mayflyd pin CONNECTION`: prints the digests of an MCP server's tools and prompts, for the operator to put into its `pins` once
 * they have read what the tools say.
 * @returns the exit code: 0 all as pinned, 3 something is new or has changed
 */
export async function pin(name: string, options: { readonly config: string }): Promise<number> {
  const loaded = await load(options.config, protocols, process.env, [["connections", name]]);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const servers = [...loaded.configuration.connections.values()].filter(({ kind }) => kind === "mcp");
  const connection = servers.find((each) => each.name === name);
  if (connection === undefined) {
    const names = servers.map((each) => each.name);
    throw new MayflyError("unknown_connection", `${options.config} has no MCP connection ${name}`, {
      hint: nameHint(name, names, "it has") ?? "it has none",
    });
  }
  const target = connection.target as McpTarget;
  const signal = AbortSignal.timeout(timeout);
  let upstream;
  try {
    upstream = await connectUpstream(target, signal);
  } catch {
    throw new MayflyError("unreachable", `the server of ${name} cannot be reached`, {
      hint: "check its url or command, and its credential",
    });
  }
  try {
    const pins: Record<string, string> = {};
    let changed = false;
    const show = (key: string, digest: string, description: unknown, given: unknown): void => {
      pins[key] = digest;
      const known = Object.hasOwn(target.pins, key) ? target.pins[key] : undefined;
      if (known === digest) return;
      changed = true;
      const what = known === undefined ? "new" : "CHANGED";
      console.error(`${what}: ${key}: ${JSON.stringify(description ?? "")}`);
      console.error(`  arguments ${JSON.stringify(given ?? {})}`);
    };
    for (const tool of await upstream.tools(signal))
      show(tool.name, pinOf(tool), tool["description"], tool["inputSchema"]);
    for (const prompt of await upstream.prompts(signal))
      show(promptKey(prompt.name), pinOfPrompt(prompt), prompt["description"], prompt["arguments"]);
    console.log(stringify({ pins }, { lineWidth: 0 }).trimEnd());
    return changed ? 3 : 0;
  } finally {
    await upstream.close();
  }
}
