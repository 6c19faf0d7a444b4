import type { AuditQuery } from "../index/port.ts";
import type { PartialLog } from "./port.ts";

/** Why a log's gateway has not answered. */
export type Silence = "absent" | "unasked";

const WHY = {
  absent: "its gateway does not answer",
  unasked: "its gateway was not asked, for too many searches wait here: search again in a moment",
};

/** A log that could not be read without its gateway. */
export const unread = (log: string, silence: Silence): PartialLog => ({
  log,
  lacks: "acts",
  reason: silence === "unasked" ? WHY.unasked : `${WHY.absent}, and it could not be read here`,
});

/** A log of which only the store's index was searched, which has no more of acts than that there are some. */
export function indexAlone(log: string, silence: Silence, { text }: AuditQuery): PartialLog {
  const why = silence === "unasked" ? WHY.unasked : `${WHY.absent}, and its files are elsewhere`;
  return text === undefined
    ? {
        log,
        lacks: "bodies",
        reason: `${why}; of its acts the store knows who, when and where alone, and its last records may be missing`,
      }
    : { log, lacks: "acts", reason: `${why}; its acts were not searched for these words` };
}

/** A log of which the store's index was searched, and may have had records that are not in there. */
export const unindexed = (log: string, silence: Silence): PartialLog => ({
  log,
  lacks: "newest",
  reason: `${WHY[silence]}, and its last records may not be in the store`,
});

/**
 * A log whose gateway has searched it before its index had caught up.
 * @param isBehind undefined: it does not say whether it has
 */
export const behind = (log: string, isBehind: boolean | undefined): PartialLog => ({
  log,
  lacks: "newest",
  reason:
    isBehind === undefined
      ? "its gateway is of a version that does not say whether its index is behind: bring it up to date"
      : "its index is behind what it records: search again in a moment for the newest",
});
