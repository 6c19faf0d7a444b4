import { formatProblems } from "../../configuration/problems.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { escapeInvisible } from "../../kernel/invisible-characters.ts";
import { nameHint } from "../../kernel/closest-name.ts";
import {
  definitionOf,
  pinOf,
  pinOfPrompt,
  promptDefinitionOf,
  promptKey,
} from "../../protocols/mcp/upstream/pins.ts";
import type { McpTarget } from "../../protocols/mcp/target.ts";
import { connectUpstream } from "../../protocols/mcp/upstream/connect.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { jsonText, say, tell } from "../terminal.ts";
import { yamlText } from "../yaml-text.ts";

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
  // Nothing else keeps the process: a gateway's connections and timers must not.
  const alive = setInterval(() => undefined, timeout);
  try {
    return await compare(connection.target as McpTarget);
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    throw new MayflyError("unreachable", `the server of ${name} cannot be asked: ${messageOf(error)}`, {
      hint: "check its url or command, and its credential",
    });
  } finally {
    clearInterval(alive);
  }
}

/** Asks a server for its definitions, and prints their digests. */
async function compare(target: McpTarget): Promise<number> {
  const signal = AbortSignal.timeout(timeout);
  const upstream = await connectUpstream(target, signal);
  try {
    const pins: Record<string, string> = {};
    let changed = false;
    // What is shown is what the digest is made of, whole: nothing else of it comes down to an agent.
    const show = (key: string, digest: string, definition: unknown): void => {
      pins[key] = digest;
      const known = Object.hasOwn(target.pins, key) ? target.pins[key] : undefined;
      if (known === digest) return;
      changed = true;
      tell(`${known === undefined ? "new" : "CHANGED"}: ${escapeInvisible(key)}`);
      tell(jsonText(definition, 2).replaceAll(/^/gm, "  "));
    };
    for (const tool of await upstream.tools(signal)) show(tool.name, pinOf(tool), definitionOf(tool));
    for (const prompt of await upstream.prompts(signal))
      show(promptKey(prompt.name), pinOfPrompt(prompt), promptDefinitionOf(prompt));
    say(yamlText({ pins }, { lineWidth: 0 }));
    return changed ? 3 : 0;
  } finally {
    await upstream.close();
  }
}
