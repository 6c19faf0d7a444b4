import { stat } from "node:fs/promises";
import type { AuditLog } from "../audit/log.ts";
import { describeChanges } from "../configuration/changes.ts";
import { problemLines } from "../configuration/problems.ts";
import type { Configuration } from "../configuration/types.ts";
import type { AnyProtocol } from "../gate/protocol.ts";
import type { Clock } from "../kernel/clock.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import type { Policies } from "../policy/types.ts";
import { load, type Loaded } from "./load.ts";

/** A configuration file that cannot be enforced as written; its message lists every problem with its place. */
export class ConfigurationRefused extends MayflyError {
  constructor(problems: string) {
    super("configuration_refused", problems.trimEnd());
  }
}

/** What came of a reload. */
export type Reload =
  | {
      readonly adopted: true;
      readonly changes: readonly string[];
      readonly ended: number;
      readonly voided: number;
    }
  /** Why not, a line for each problem. */
  | { readonly adopted: false; readonly why: readonly string[] };

/** What a reload works on. */
export interface ReloadParts {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly protocols: readonly AnyProtocol[];
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly current: () => Configuration;
  /** The digest of the only configuration that is adopted; left out: whichever the file holds. */
  readonly expected?: string;
  /** A configuration as this process has it: one of several has its own log. */
  readonly placed: (configuration: Configuration) => Configuration;
  /** Swaps everything at once; throws before anything is swapped when it cannot. */
  readonly adopt: (next: { readonly configuration: Configuration; readonly policies: Policies }) => Promise<{
    readonly ended: number;
    readonly voided: number;
  }>;
}

/** A file that changed less than this ago may still be written, milliseconds. */
const SETTLED_MS = 200;
/** How often it is waited for. */
const MAX_TRIES = 25;

/** What changes when one of these files is written, or one is added to or taken from a folder of them. */
async function versionOf(files: readonly string[]): Promise<string> {
  const versions = files.map(async (file) => {
    const { ino, size, mtimeNs } = (await stat(file, { bigint: true }).catch(() => undefined)) ?? {};
    return `${file} ${ino} ${size} ${mtimeNs}`;
  });
  return (await Promise.all(versions)).join("\n");
}

/**
 * Reads the files once nobody writes them: half a file is often a valid one, with a policy fewer.
 * @returns what was read, or undefined when the files did not come to rest
 */
async function loadSettled(parts: ReloadParts): Promise<Loaded | undefined> {
  let files = parts.current().files;
  let version = await versionOf(files);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    await new Promise<void>((resolve) => parts.clock.schedule(SETTLED_MS, resolve));
    if ((await versionOf(files)) === version) {
      const found = await load(parts.file, parts.protocols, parts.environment);
      const loaded = found.ok ? { ...found, configuration: parts.placed(found.configuration) } : found;
      const read = loaded.ok ? loaded.configuration.files : loaded.files;
      // Files that were not watched while they came to rest are watched now, and read once more.
      if (read.join("\n") === files.join("\n") && (await versionOf(files)) === version) return loaded;
      files = read;
    }
    version = await versionOf(files);
  }
  return undefined;
}

/** What a record takes of why a file was refused, characters. */
const MAX_WHY_LENGTH = 2000;

/** As many of the lines as a record takes; the last says how many more there are. */
function fitRecord(lines: readonly string[]): readonly string[] {
  const fitting: string[] = [];
  let left = MAX_WHY_LENGTH;
  for (const line of lines) {
    if (left < line.length && fitting.length > 0) break;
    fitting.push(line.slice(0, left));
    left -= line.length;
  }
  const more = lines.length - fitting.length;
  return more === 0 ? fitting : [...fitting, `and ${more} more`];
}

/** Reads the file again and adopts it whole, or leaves the running configuration untouched and says why. */
export async function reload(parts: ReloadParts): Promise<Reload> {
  const refuse = async (...why: readonly string[]): Promise<Reload> => {
    try {
      parts.log.append({
        type: "configuration.refused",
        configuration: parts.current().digest,
        detail: { file: parts.file, problems: why.length, why: fitRecord(why) },
      });
      await parts.log.sync();
    } catch {
      // The log's own trouble shows at /readyz; the configuration stays as it is either way.
    }
    return { adopted: false, why };
  };
  const loaded = await loadSettled(parts);
  if (loaded === undefined)
    return refuse(
      "the file, or one that it includes, keeps changing; hint: write it beside, rename it, then send SIGHUP",
    );
  if (!loaded.ok) return refuse(...problemLines(loaded.problems));
  if (parts.expected !== undefined && loaded.configuration.digest !== parts.expected)
    return refuse(
      "the file is not the one that the other workers adopted; hint: send SIGHUP to adopt it everywhere",
    );
  const all = describeChanges(parts.current(), loaded.configuration);
  const restart = all.filter(({ needsRestart }) => needsRestart).map(({ what }) => what);
  const changes = all.map(({ change, what }) => `${change} ${what}`);
  if (restart.length > 0) {
    return refuse(
      ...restart.map(
        (what) => `${what} cannot change while the gateway runs; hint: restart mayflyd to adopt the file`,
      ),
    );
  }
  try {
    parts.log.append({
      type: "configuration.loaded",
      configuration: loaded.configuration.digest,
      detail: { changes, file: parts.file },
    });
    await parts.log.sync();
  } catch (error) {
    return { adopted: false, why: [`the change could not be recorded: ${messageOf(error)}`] };
  }
  try {
    const { ended, voided } = await parts.adopt(loaded);
    return { adopted: true, changes, ended, voided };
  } catch (error) {
    return refuse(messageOf(error));
  }
}
