import { stat } from "node:fs/promises";
import type { AuditLog } from "../audit/log.ts";
import { describeChanges } from "../configuration/changes.ts";
import { formatProblems } from "../configuration/problems.ts";
import type { Configuration } from "../configuration/types.ts";
import type { Protocol } from "../gate/protocol.ts";
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
  | { readonly adopted: false; readonly why: string };

/** What a reload works on. */
export interface ReloadParts {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly protocols: readonly Protocol<never, never>[];
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly current: () => Configuration;
  /** Swaps everything at once; throws before anything is swapped when it cannot. */
  readonly adopt: (next: { readonly configuration: Configuration; readonly policies: Policies }) => Promise<{
    readonly ended: number;
    readonly voided: number;
  }>;
}

/** A file that changed less than this ago may still be written, milliseconds. */
const settled = 200;
/** So many times it is waited for. */
const patience = 25;

/** What changes when a file is written; empty when it is not there. */
async function versionOf(file: string): Promise<string> {
  const { ino, size, mtimeNs } = (await stat(file, { bigint: true }).catch(() => undefined)) ?? {};
  return `${ino} ${size} ${mtimeNs}`;
}

/**
 * Reads the file once nobody writes it: half a file is often a valid one, with a policy fewer.
 * @returns what was read, or undefined when the file did not come to rest
 */
async function loadSettled(parts: ReloadParts): Promise<Loaded | undefined> {
  let version = await versionOf(parts.file);
  for (let tries = 0; tries < patience; tries += 1) {
    await new Promise<void>((resolve) => parts.clock.schedule(settled, resolve));
    const before = await versionOf(parts.file);
    if (before === version) {
      const loaded = await load(parts.file, parts.protocols, parts.environment);
      if ((await versionOf(parts.file)) === before) return loaded;
    }
    version = await versionOf(parts.file);
  }
  return undefined;
}

/** Reads the file again and adopts it whole, or leaves the running configuration untouched and says why. */
export async function reload(parts: ReloadParts): Promise<Reload> {
  const refuse = async (why: string, problems: number): Promise<Reload> => {
    try {
      parts.log.append({
        type: "configuration.refused",
        configuration: parts.current().digest,
        detail: { file: parts.file, problems, why: why.slice(0, 2000) },
      });
      await parts.log.sync();
    } catch {
      // The log's own trouble shows at /readyz; the configuration stays as it is either way.
    }
    return { adopted: false, why };
  };
  const loaded = await loadSettled(parts);
  if (loaded === undefined)
    return refuse("the file keeps changing; hint: write it beside, rename it, then send SIGHUP", 1);
  if (!loaded.ok) return refuse(formatProblems(loaded.problems), loaded.problems.length);
  const all = describeChanges(parts.current(), loaded.configuration);
  const restart = all.filter(({ needsRestart }) => needsRestart).map(({ what }) => what);
  const changes = all.map(({ change, what }) => `${change} ${what}`);
  if (restart.length > 0) {
    return refuse(
      `${restart.join(", ")} cannot change while the gateway runs; hint: restart mayflyd to adopt the file`,
      restart.length,
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
    return { adopted: false, why: `the change could not be recorded: ${messageOf(error)}` };
  }
  try {
    const { ended, voided } = await parts.adopt(loaded);
    return { adopted: true, changes, ended, voided };
  } catch (error) {
    return refuse(messageOf(error), 1);
  }
}
