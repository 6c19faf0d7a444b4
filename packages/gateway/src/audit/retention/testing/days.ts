import type { OpenedAuditLog } from "../../opened.ts";
import { context } from "../../testing/log.ts";

/**
 * A session of acts that goes on for days, a day a round; another one that opens and closes each day.
 * @param nextDay sets the clock
 * @returns the number of its first record
 */
export async function writeDaysTo(
  opened: OpenedAuditLog,
  days: number,
  nextDay: () => void,
): Promise<number> {
  const { log } = opened;
  const long = log.append({ ...context, session: "ses_long", type: "session.opened", detail: {} });
  log.flush();
  const acts = log.writer(long);
  const full = acts.append("act.intent", `{"act":{"kind":"execute","parameters":["0"],"sql":"select $1"}}`);
  for (let day = 0; day < days; day += 1) {
    const short = log.append({
      ...context,
      session: `ses_${day}`,
      request: `req_day_${day}`,
      type: "session.opened",
      detail: {},
    });
    log.flush();
    const others = log.writer(short);
    for (let at = 0; at < 12; at += 1) {
      const intent = acts.append("act.intent", `{"act":{"parameters":["${day} ${at}"]},"repeats":${full}}`);
      acts.append("act.outcome", `{"intent":${intent},"rows":1}`);
      others.append("act.denied", `{"act":{"sql":"drop ${at}"},"decision":"deny"}`);
    }
    log.append({
      ...context,
      session: `ses_${day}`,
      request: `req_day_${day}`,
      type: "session.closed",
      detail: {},
    });
    log.flush();
    await log.sync();
    await opened.checkpointNow();
    nextDay();
  }
  return long;
}
