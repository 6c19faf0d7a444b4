import type { Noted } from "./noted.ts";
import type { ArchivedFile, Checked, Grown } from "./prove.ts";

/** Everything that one look at the log found out. */
export interface Findings {
  readonly checked: Checked;
  /** What the browser had noted before it looked; undefined on first use. */
  readonly noted: Noted | undefined;
  /** The key that the gateway says it signs with. */
  readonly gatewayKey: string;
  /** How the log relates to the head that was noted; undefined where none was, or nothing is proven. */
  readonly grown: Grown | undefined;
}

/** What it comes to, in words. */
export interface Verdict {
  /** `alarm`: something does not verify. `trusted`: all verified against a key that a person noted. */
  readonly state: "trusted" | "first use" | "alarm";
  readonly title: string;
  /** What is wrong; empty unless the state is `alarm`. */
  readonly alarms: readonly string[];
  readonly proven: readonly string[];
  readonly unproven: readonly string[];
}

/** Whether the gateway's key is another one than the key that was noted, and none that this one signed for. */
export function keyDiffers({ noted, gatewayKey, checked }: Findings): boolean {
  if (noted === undefined) return false;
  return gatewayKey !== (checked.state === "checked" ? checked.key : noted.key);
}

/** Says exactly what was proven, and what was not. */
export function verdictOf(findings: Findings): Verdict {
  const alarms = alarmsOf(findings);
  const pasted = findings.noted?.from === "pasted";
  return {
    state: alarms.length > 0 ? "alarm" : pasted ? "trusted" : "first use",
    title: titleOf(alarms.length, pasted),
    alarms,
    proven: provenBy(findings),
    unproven: unprovenBy(findings),
  };
}

function titleOf(alarms: number, pasted: boolean): string {
  if (alarms > 0) return "The log does not verify";
  return pasted
    ? "Log is intact, verified with the key you noted"
    : "Log is intact, but its key is unconfirmed";
}

function alarmsOf(findings: Findings): readonly string[] {
  const { checked, grown } = findings;
  const alarms: string[] = [];
  if (keyDiffers(findings))
    alarms.push("The gateway now gives another key than the one noted in this browser.");
  if (checked.state === "unsigned") {
    alarms.push(`The checkpoint proves nothing: ${checked.why}.`);
    return alarms;
  }
  const altered = checked.entries.filter(({ state }) => state === "altered");
  if (altered.length > 0)
    alarms.push(`${records(altered.map(({ seq }) => seq))} not what the signed log holds.`);
  if (checked.missing.length > 0)
    alarms.push(`${records(checked.missing)} left out of the gateway's answer.`);
  if (grown?.state === "shrank") alarms.push("The log is smaller than it was: records are gone.");
  if (grown?.state === "forked")
    alarms.push("The log holds other records than it did: its past was rewritten.");
  return alarms;
}

/** "Record 7 is", "Records 7, 8 and 9 are"; of many, the first few. */
function records(seqs: readonly number[]): string {
  const sorted = seqs.toSorted((a, b) => a - b);
  const [first] = sorted;
  if (sorted.length === 1) return `Record ${first} is`;
  const shown = sorted.slice(0, 5);
  const rest = sorted.length - shown.length;
  return rest > 0
    ? `Records ${shown.join(", ")} and ${rest} more are`
    : `Records ${shown.slice(0, -1).join(", ")} and ${shown.at(-1)} are`;
}

function provenBy({ checked, noted, grown }: Findings): readonly string[] {
  if (checked.state === "unsigned") return [];
  const { head, entries, missing, archived } = checked;
  const proven = [
    `The checkpoint over ${head.size.toLocaleString("en")} records is signed by ${keyName(checked.key)}${
      noted?.from === "pasted" && checked.followed.length === 0 ? ", the key you noted" : ""
    }.`,
  ];
  if (noted !== undefined && checked.followed.length > 0)
    proven.push(
      `The log's key was changed in good order: ${[...checked.followed, checked.key].map(keyName).join(" signed for ")}. The new key counts from now on.`,
    );
  const good = entries.filter(({ state }) => state === "proven");
  const [newest] = good;
  const oldest = good.at(-1);
  if (newest !== undefined && oldest !== undefined) {
    const whole = good.length === entries.length && missing.length === 0 && archived.length === 0;
    proven.push(
      whole
        ? `Records ${oldest.seq} to ${newest.seq} are, to the letter, what the signed log holds at their places, and none between them was left out.`
        : `${good.length} of the ${entries.length + missing.length} newest records are, to the letter, what the signed log holds at their places.`,
    );
  }
  const seen = noted?.head === undefined ? "before" : `at ${timeText(noted.head.at)}`;
  if (grown?.state === "same") proven.push(`It is the very log that this browser saw ${seen}.`);
  if (grown?.state === "grew") {
    const since = noted?.head?.size ?? 0;
    proven.push(
      `Since this browser saw it ${seen}, the log only grew: its first ${since.toLocaleString("en")} records are the same ones, and ${grown.records.toLocaleString("en")} came after.`,
    );
  }
  return proven;
}

function unprovenBy({ checked, noted, grown }: Findings): readonly string[] {
  const unproven: string[] = [];
  if (noted?.from !== "pasted")
    unproven.push(
      "That the key is the log's: the gateway itself said so. Paste the key that you have from elsewhere to prove it.",
    );
  if (checked.state === "checked") {
    const oldest = checked.entries.at(-1)?.seq ?? 0;
    if (oldest > 0)
      unproven.push(`Records before ${oldest}: go on below, or run mayfly audit verify over the whole log.`);
    unproven.push(...archivedWords(checked.archived));
    unproven.push(`Records from ${checked.head.size} on: the next checkpoint covers them.`);
    if (grown?.state === "unproven")
      unproven.push(`That the log only grew since the last visit: ${grown.why}.`);
    if (grown === undefined)
      unproven.push(
        "That this is the newest head, and the same that others are shown: compare it with one kept outside.",
      );
  }
  unproven.push(
    "That this page tells the truth: the gateway served it. mayfly audit verify, on a machine of yours, needs no gateway.",
  );
  return unproven;
}

/** What was archived and dropped, in words. */
export function archivedWords(archived: readonly ArchivedFile[]): readonly string[] {
  return archived.map(
    ({ first, count, by }) =>
      `Records ${first} to ${first + count - 1}: they were archived and dropped, as record ${by} of the signed log says. mayfly audit verify --archive reads them.`,
  );
}

/** A moment (RFC 3339), to the minute, UTC. */
function timeText(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}

/** The verdict where the gateway itself says that its log cannot be proved. @param why in its own words */
export function unprovable(why: string): Verdict {
  return {
    state: "alarm",
    title: "The gateway cannot prove its log",
    alarms: [`It says: ${why}.`],
    proven: [],
    unproven: ["Anything: no record can be checked while the log's files do not fit its signed head."],
  };
}

/** The name and id of a verifier key, without the key itself. */
export function keyName(key: string): string {
  return key.split("+").slice(0, 2).join("+");
}
