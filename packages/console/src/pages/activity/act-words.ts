import { protocolAct } from "@mayfly/sdk/act-words";
import { type Detail, counted, numberIn, objectIn, sizeText, textIn, textsIn } from "./read-detail.ts";

// What an act sent and what came of it, in words. Pure. Everything returned is untrusted text.

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
  const code = textIn(act["sql"]) ?? (digest === undefined ? protocolAct(act) : textOf(digest));
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

/** How long something took: "12 ms", "1.4 s", "3 min". */
export function tookText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

/** What an act had as its outcome, from the record `act.outcome`. */
export function outcomeText(detail: Detail): string {
  const error = textIn(detail["error"]);
  const tag = textIn(detail["tag"]);
  const rows = numberIn(detail["rows"]);
  const bytes = numberIn(detail["bytes"]);
  const received = numberIn(objectIn(detail["copied"])["bytes"]);
  const status = numberIn(detail["status"]);
  const took = numberIn(detail["milliseconds"]);
  const masked = textsIn(detail["masked"]);
  const parts = [
    error === undefined ? tag : `error ${error}`,
    status === undefined ? undefined : `status ${status}`,
    rows === undefined ? undefined : counted(rows, "row"),
    bytes === undefined ? undefined : sizeText(bytes),
    received === undefined ? undefined : `${sizeText(received)} received`,
    took === undefined ? undefined : tookText(took),
    masked.length === 0 ? undefined : `masked ${masked.join(" ")}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "done" : parts.join(", ");
}
