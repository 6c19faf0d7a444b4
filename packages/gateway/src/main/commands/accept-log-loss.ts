import { userInfo } from "node:os";
import { knownOf } from "../../audit/known/known-log.ts";
import { formatProblems } from "../../configuration/problems.ts";
import { grantModel } from "../../grants/states.ts";
import { systemClock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { openStore } from "../../storage/store.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { configurationOfLog } from "../workers/place.ts";
import { say } from "../terminal.ts";

/**
 * `mayflyd accept-log-loss`: lets the next start go on although the audit log that the store knows is lost or
 * shorter. The log's first record says who accepted it and why, and what the store knew.
 * @returns the exit code
 */
export async function acceptLogLoss(options: {
  readonly config: string;
  readonly worker?: number;
  readonly reason: string;
}): Promise<number> {
  const loaded = await load(options.config, protocols, process.env, [["store"], ["audit"]]);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { store: location, audit } = configurationOfLog(loaded.configuration, options.worker);
  const reason = options.reason.trim();
  if (reason === "")
    throw new MayflyError("no_reason", "the reason is empty", { hint: "say what was lost, and why" });
  const store = await openStore(location, grantModel);
  try {
    const known = knownOf(await store.logs.all(), audit.name, location.kind === "sqlite");
    if (known === undefined)
      throw new MayflyError("no_log_known", `the store knows no audit log ${audit.name}`, {
        hint: "nothing has to be accepted: mayflyd starts a new log by itself",
      });
    await store.logs.accept(known.name, { by: userInfo().username, reason, at: systemClock.wall() });
    say(
      `accepted: the next start may find another log than ${known.name} with ${known.records} records, and records that`,
    );
    return 0;
  } finally {
    await store.close();
  }
}
