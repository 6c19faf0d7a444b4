import { existsAny } from "../../audit/known/found-log.ts";
import { openAuditLog } from "../../audit/open.ts";
import { formatProblems } from "../../configuration/problems.ts";
import { systemClock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { configurationOfLog } from "../workers/place.ts";
import { say } from "../terminal.ts";

/**
 * `mayflyd rotate-log-key`: the audit log is signed by a new key from now on, which the old one signs for. The gateway
 * must be stopped: a log has one writer.
 * @returns the exit code
 */
export async function rotateLogKey(options: {
  readonly config: string;
  readonly worker?: number;
}): Promise<number> {
  const loaded = await load(options.config, protocols, process.env, [["audit"]]);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { folder, name, sync, checkpointEvery } = configurationOfLog(
    loaded.configuration,
    options.worker,
  ).audit;
  // Opening it would make a new one.
  if (!existsAny(folder))
    throw new MayflyError("no_log", `${folder} holds no audit log`, {
      hint:
        options.worker === undefined && existsAny(configurationOfLog(loaded.configuration, 1).audit.folder)
          ? "the gateway has workers, and each of them has a log of its own: --worker 1, then the others"
          : "is its disk mounted, and is audit.folder the log's? A new log gets its key at the first start",
    });
  const opened = await openAuditLog({ folder, name, sync, checkpointEvery, clock: systemClock });
  try {
    // A log that does not verify gets no new key that would vouch for it.
    const report = await opened.verified;
    if (report === undefined || report.problemCount > 0)
      throw new MayflyError("log_broken", `the audit log in ${folder} does not verify`, {
        hint: "`mayfly audit verify` on its folder lists what is wrong",
      });
    const old = opened.verifierKey;
    await opened.rotateKey();
    say(`old: ${old}\nnew: ${opened.verifierKey}`);
    return 0;
  } finally {
    await opened.log.close();
  }
}
