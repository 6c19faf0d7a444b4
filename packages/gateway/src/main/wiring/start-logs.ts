import { createAsking } from "../../audit/logs/asking.ts";
import { answerOne } from "../../audit/logs/answer.ts";
import { startExchange } from "../../audit/logs/exchange.ts";
import { auditLogs } from "../../audit/logs/logs.ts";
import { logsOnDisk } from "../../audit/logs/on-disk.ts";
import { oneLog } from "../../audit/logs/one-log.ts";
import { createLogsFeed, oneFeed } from "../../audit/logs/feed.ts";
import { createReadOther } from "../../audit/logs/read-other.ts";
import { retiredNow } from "../../audit/logs/retired.ts";
import type { Boot } from "./boot.ts";
import type { Records } from "./records.ts";

interface LogsParts extends Pick<Records, "store" | "audit" | "reader" | "feed" | "presence"> {
  /** Where the other logs of this gateway are on this machine. */
  readonly others: () => readonly string[];
}

/** The names of the gateways that live. */
export const liveNames = (presence: Records["presence"]): ReadonlySet<string> =>
  new Set(presence?.live.map(({ name }) => name));

/** Has this gateway's log answer for the others, and the others' logs answer here. */
export function startLogs(
  { clock, logger, onStop }: Boot,
  { store, audit, reader, feed, presence, others }: LogsParts,
): Pick<Records, "logs" | "logsFeed" | "exchange"> {
  const { shared } = store;
  if (shared === undefined) return { logs: oneLog(reader), logsFeed: oneFeed(feed), exchange: undefined };
  const exchange = startExchange({
    clock,
    questions: shared.questions,
    own: audit.id,
    answer: (question, signal) => answerOne(reader, question, signal),
    onProblem: (error) => logger.warn({ error: String(error) }, "a question of another gateway's"),
  });
  onStop(() => exchange.close());
  const asking = createAsking({
    clock,
    exchange,
    signs: () => new Map(presence?.live.map(({ name, life, beats }) => [name, `${life} ${beats}`])),
  });
  const onDisk = logsOnDisk(others);
  const logsFeed = createLogsFeed({
    clock,
    own: audit.id,
    feed,
    ends: () => shared.ends(),
    scan: createReadOther({ index: shared, asking, onDisk }),
    onProblem: (error) => logger.warn({ error: String(error) }, "events of another gateway's log"),
  });
  onStop(() => logsFeed.close());
  const logs = auditLogs({
    own: audit.id,
    reader,
    all: () => shared.all(),
    retired: async () => retiredNow(await store.retiredLogs.all(), liveNames(presence)),
    asking,
    index: (log) => store.index(log),
    stubs: (log, seqs) => shared.stubs(log, seqs),
    onDisk,
    onProblem: (error) => logger.warn({ error: String(error) }, "a search of another gateway's log"),
  });
  return { logs, logsFeed, exchange };
}
