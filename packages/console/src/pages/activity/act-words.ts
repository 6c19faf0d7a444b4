// What an act sent and what came of it, in words. Pure. Everything returned is untrusted text.

/** The detail of a record. */
export type Detail = Readonly<Record<string, unknown>>;

/** A string, or undefined. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number, or undefined. */
export function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The strings of a list, or none. */
export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** An object's members, or none. */
export function objectIn(value: unknown): Detail {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Detail) : {};
}

/** "1 row", "3 rows", "1,204 rows". */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

/** A size in bytes for people: "812 bytes", "1.2 kB", "3.4 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return counted(bytes, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let size = bytes / 1000;
  let unit = 0;
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toFixed(1)} ${units[unit]}`;
}

/** What an act sent. */
export interface ActText {
  /** The statement, request line, command or call; undefined when only its digest is known. */
  readonly code: string | undefined;
  /** What goes with it: bind values, where it is kept. */
  readonly notes: readonly string[];
}

/**
 * What an act sent, as its record has it. A session's records hold a statement's text once and then its digest.
 * @param textOf the text of a digest, where it is known
 */
export function actText(
  detail: Detail,
  textOf: (sha256: string) => string | undefined = () => undefined,
): ActText {
  const act = objectIn(detail["act"]);
  const payload = textIn(act["payload"]) ?? textIn(detail["payload"]);
  if (payload !== undefined) {
    const bytes = numberIn(act["bytes"]) ?? numberIn(detail["bytes"]);
    const size = bytes === undefined ? "" : `, ${sizeText(bytes)}`;
    return { code: undefined, notes: [`kept beside the log as ${payload}${size}`] };
  }
  const digest = textIn(act["sha256"]);
  const code = textIn(act["sql"]) ?? (digest === undefined ? otherAct(act) : textOf(digest));
  const parameters = act["parameters"];
  const most = numberIn(act["most"]);
  return {
    code,
    notes: [
      ...(code === undefined && digest !== undefined ? [`the statement with SHA-256 ${digest}`] : []),
      ...(Array.isArray(parameters) && parameters.length > 0 ? [`with ${JSON.stringify(parameters)}`] : []),
      ...(most === undefined ? [] : [`at most ${counted(most, "row")} at a time`]),
    ],
  };
}

/** Acts of protocols that have no words here yet: what is in the record, as it is. */
function otherAct(act: Detail): string | undefined {
  const method = textIn(act["method"]);
  const path = textIn(act["path"]);
  if (method !== undefined && path !== undefined) return `${method} ${path}`;
  const argv = textsIn(act["argv"]);
  if (argv.length > 0)
    return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
  return Object.keys(act).length === 0 ? undefined : JSON.stringify(act);
}

/** What an act had as its outcome, from the record `act.outcome`. */
export function outcomeText(detail: Detail): string {
  const error = textIn(detail["error"]);
  const tag = textIn(detail["tag"]);
  const rows = numberIn(detail["rows"]);
  const bytes = numberIn(detail["bytes"]);
  const received = numberIn(objectIn(detail["copied"])["bytes"]);
  const parts = [
    error === undefined ? tag : `error ${error}`,
    rows === undefined ? undefined : counted(rows, "row"),
    bytes === undefined ? undefined : sizeText(bytes),
    received === undefined ? undefined : `${sizeText(received)} received`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "done" : parts.join(", ");
}
