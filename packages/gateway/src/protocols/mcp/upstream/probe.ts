import { access, constants } from "node:fs/promises";
import path from "node:path";
import type { ProbeResult } from "../../../gate/protocol.ts";
import { addressOfUrl, probeServer } from "../../../gate/web/probe-server.ts";
import { MayflyError } from "../../../kernel/errors.ts";
import type { McpTarget } from "../target.ts";

/** Where a server is, for people to read: its URL, or the program that the gateway starts, without its arguments. */
export function addressOf({ url, command }: McpTarget): string {
  return url === undefined ? `the program ${path.basename(command?.[0] ?? "")}` : addressOfUrl(url);
}

/** Whether a program can be started, looked up as a shell does (POSIX, XBD 8.3, PATH). */
async function isThere(program: string): Promise<boolean> {
  const places = program.includes("/")
    ? [program]
    : (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, program));
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      return true;
    } catch {
      // Not here: perhaps in the next folder.
    }
  }
  return false;
}

/**
 * Looks whether a server is there. A program is not started for it: one that starts may do something.
 * @throws MayflyError whose message names no credential
 */
export async function probe(target: McpTarget, now: () => number, signal: AbortSignal): Promise<ProbeResult> {
  const { url, ca, command } = target;
  if (url !== undefined) return probeServer({ url, ca: ca?.text() }, now, signal);
  const started = now();
  if (!(await isThere(command?.[0] ?? "")))
    throw new MayflyError(
      "upstream_unreachable",
      `${addressOf(target)} is not there, or cannot be executed`,
      {
        status: 502,
      },
    );
  return { milliseconds: Math.round((now() - started) * 10) / 10 };
}
