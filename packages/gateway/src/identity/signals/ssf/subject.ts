import { canonicalJson } from "../../../kernel/canonical.ts";
import { SignalRefused } from "../signal-refused.ts";
import type { SignalSubject } from "../signal.ts";
import { readSubject } from "../subject-identifier.ts";

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads the subject of an event. SSF 1.0 (section 3.1) puts it into `sub_id` beside the events; its drafts, and Okta's older
 * pages, into `subject` within each. Both are read; where both are present they must be equal.
 * @param issuers the issuers under which the sender may name somebody
 * @throws SignalRefused malformed or subject
 */
export function subjectOf(claims: Members, event: Members, issuers: readonly string[]): SignalSubject {
  const outside = claims["sub_id"];
  const inside = event["subject"];
  const written = outside ?? inside;
  if (written === undefined)
    throw new SignalRefused("malformed", "the event names no subject", "send sub_id beside the events");
  if (outside !== undefined && inside !== undefined && canonicalText(outside) !== canonicalText(inside))
    throw new SignalRefused("malformed", "the message names two subjects that are not the same");
  return readSubject(userOf(withFormat(written)), issuers);
}

/**
 * The user of a complex subject (SSF 1.0, section 3.2). The session or device beside it only narrows the subject; a user who
 * must leave one session leaves all.
 */
function userOf(subject: unknown): unknown {
  if (!isMembers(subject) || subject["format"] !== "complex") return subject;
  if (!isMembers(subject["user"]))
    throw new SignalRefused("malformed", "the complex subject names no user, which alone is understood");
  return withFormat(subject["user"]);
}

/** Drafts have `subject_type` for `format`, and `iss-sub` or `issuer-subject` for `iss_sub`. */
function withFormat(subject: unknown): unknown {
  if (!isMembers(subject)) return subject;
  const { subject_type: type, ...rest } = subject;
  if (type === undefined) return subject;
  if (Object.hasOwn(subject, "format"))
    throw new SignalRefused("malformed", "the subject identifier has both format and subject_type");
  return { ...rest, format: type === "iss-sub" || type === "issuer-subject" ? "iss_sub" : type };
}

function canonicalText(value: unknown): string {
  try {
    return canonicalJson(value as Parameters<typeof canonicalJson>[0]);
  } catch {
    throw new SignalRefused("malformed", "the subject identifier is no plain JSON");
  }
}
