/**
 * A record as its line holds it. The records of a session's acts say little: `session` is the number of the session's
 * opening record in the same log, which says who, under which grant and so on; and an act whose detail holds `repeats`
 * says only how it differs from the act of that record. In logs of the older form each record says all of it itself,
 * and `session` is the session's id.
 */
export interface StoredRecord {
  readonly seq: number;
  readonly time: string;
  readonly type: string;
  readonly detail: Detail;
  readonly session?: string | number;
  readonly connection?: string;
  readonly operations?: readonly string[];
}

/** An act repeats one that is at most this many acts of its session ago, so that a reader need not remember them all. */
export const MAX_REPEATED_BACK = 1000;

/** Whether a line's value has the members that every record has; what else it holds is not looked at. */
export function isStoredRecord(value: unknown): value is StoredRecord {
  if (!isObject(value)) return false;
  const { seq, time, type, detail } = value;
  return (
    Number.isSafeInteger(seq) && typeof time === "string" && typeof type === "string" && isObject(detail)
  );
}

type Detail = { readonly [name: string]: unknown };

/** Members that a session's opening record says for all records of its acts. */
export const JOINED_MEMBERS = [
  "configuration",
  "connection",
  "grant",
  "operations",
  "policy",
  "principal",
  "request",
  "session",
] as const;

const JOINED: ReadonlySet<string> = new Set(JOINED_MEMBERS);
/** All members of a record, in the order of RFC 8785. */
const MEMBERS = [...JOINED_MEMBERS, "detail", "seq", "time", "type"].toSorted();

/** The numbers of the records that must be known to read this one in full, lowest first. */
export function referencesOf({ session, detail }: StoredRecord): readonly number[] {
  if (typeof session !== "number") return [];
  const { repeats } = detail;
  return typeof repeats === "number" ? [session, repeats] : [session];
}

/** What a session is called whose opening record cannot be had. */
export function unfoundSession(opening: number): string {
  return `#${opening}`;
}

/**
 * A record with what other records say for it: what an API, a search and an export show. A record that says all of it
 * itself comes back as it is. Where a record that it refers to cannot be had, what that one says is left out and the
 * session is named after its number.
 * @param recordOf finds a record, as stored, by its number
 */
export function joinRecord<R extends StoredRecord>(
  record: R,
  recordOf: (seq: number) => StoredRecord | undefined,
): Omit<R, "session"> & { readonly session?: string } {
  const { session } = record;
  if (typeof session !== "number") return record as R & { readonly session?: string };
  const opened = recordOf(session);
  const opening = opened?.type === "session.opened" ? opened : undefined;
  const { repeats } = record.detail;
  const found = typeof repeats === "number" ? recordOf(repeats) : undefined;
  const repeated = found?.session === session && found.type === "act.intent" ? found : undefined;
  const own: Detail = {
    ...(record as StoredRecord),
    detail: detailOf(record, opening, repeated),
    session: unfoundSession(session),
  };
  const said = (opening ?? {}) as Detail;
  const joined: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    const value = (JOINED.has(name) ? said[name] : undefined) ?? own[name];
    if (value !== undefined) joined[name] = value;
  }
  // What this version does not know is shown all the same.
  for (const name of Object.keys(own)) if (!Object.hasOwn(joined, name)) joined[name] = own[name];
  return sorted(joined) as Omit<R, "session"> & { readonly session?: string };
}

/**
 * An intent was permitted: by the operation it names, by that of the act it repeats, or by the session's only one. It
 * names it by its place in the opening record's list, or in words.
 */
function detailOf(
  { type, detail }: StoredRecord,
  opening: StoredRecord | undefined,
  repeated: StoredRecord | undefined,
): Detail {
  if (type !== "act.intent" && type !== "act.denied") return detail;
  const act =
    repeated === undefined
      ? detail["act"]
      : { ...objectOf(repeated.detail["act"]), ...objectOf(detail["act"]) };
  const full: Record<string, unknown> = { ...detail, act: isObject(act) ? sorted(act) : act };
  if (type === "act.denied") return full;
  full["decision"] = "permit";
  const operations = Array.isArray(opening?.operations) ? opening.operations : [];
  const said =
    detail["operation"] ?? repeated?.detail["operation"] ?? (operations.length === 1 ? 0 : undefined);
  const name = typeof said === "number" ? operations[said] : said;
  // A place in a list that cannot be had says nothing.
  delete full["operation"];
  if (typeof name === "string")
    full["operation"] =
      opening?.connection === undefined || name.includes("/") ? name : `${opening.connection}/${name}`;
  return sorted(full);
}

function isObject(value: unknown): value is Detail {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function objectOf(value: unknown): Detail {
  return isObject(value) ? value : {};
}

/** Members in the order of RFC 8785, by UTF-16 code units. */
function sorted(value: Detail): Detail {
  const names = Object.keys(value);
  if (names.every((name, at) => at === 0 || (names[at - 1] as string) <= name)) return value;
  return Object.fromEntries(names.toSorted().map((name) => [name, value[name]]));
}
