import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { isPayloadReference, joinRecord, payloadPath, type StoredRecord } from "@mayfly/audit-verifier";
import { ranOf, valuesOrDigest, type Ran } from "./ran.ts";
import type { Executed } from "./server-log.ts";

/** A record of an act or of its outcome, joined. */
interface AuditRecord {
  readonly type: string;
  readonly session?: string;
  readonly seq: number;
  readonly detail: {
    readonly act?: Act;
    readonly intent?: number;
    readonly error?: string;
    readonly tag?: string;
    readonly software?: string;
  };
}

interface Act {
  readonly kind: "query" | "parse" | "execute";
  readonly sql?: string;
  readonly sha256?: string;
  readonly statement?: string;
  /** Long ones stand beside the log, as payloads. */
  readonly parameters?: readonly unknown[];
  readonly parameters_sha256?: string;
}

/** What the audit log says of one session. */
export interface Recorded {
  /** In order: what was to run, and what of that was done. */
  readonly intents: readonly Ran[];
  readonly done: readonly Ran[];
  /** Every text that a record tells. */
  readonly texts: ReadonlySet<string>;
  /** Whether the records tell a run of a statement, with its values. */
  tells(executed: Executed): boolean;
}

/** Reads the records of a gateway that has stopped. @param folder of its audit log */
export async function readRecords(folder: string): Promise<ReadonlyMap<string, Recorded>> {
  const records = path.join(folder, "records");
  const files = (await readdir(records)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(path.join(records, file), "utf8")));
  const stored = texts.flatMap((text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as StoredRecord),
  );
  const joined = stored.map((record) => joinRecord(record, (seq) => stored[seq]) as unknown as AuditRecord);
  const inFull = (value: unknown): unknown =>
    isPayloadReference(value) ? readFileSync(path.join(folder, payloadPath(value.payload)), "utf8") : value;
  const bySession = Map.groupBy(joined, ({ session }) => session ?? "");
  return new Map(
    joined
      .filter(({ type }) => type === "session.opened")
      .map(({ detail, session = "" }) => [
        detail.software ?? "",
        recordedIn(bySession.get(session) ?? [], inFull),
      ]),
  );
}

/**
 * @param records of one session
 * @param inFull puts a payload in the place of its reference
 */
function recordedIn(records: readonly AuditRecord[], inFull: (value: unknown) => unknown): Recorded {
  const texts = new Map<string, string>();
  /** Digests of long values that a record has told in full. */
  const longValues = new Set<string>();
  /** Names that a text was given, for EXECUTE. */
  const names = new Map<string, Set<string>>();
  /** Texts in which SQL's EXECUTE stands. */
  const executes: string[] = [];
  const intents = new Map<number, Ran>();
  /** Texts that were to run, with whatever values. */
  const ran = new Set<string>();
  const done: Ran[] = [];
  /** The text of an act. What a denied act alone tells is not told: its record may be cut, or left out. */
  const textOf = ({ sql, sha256 }: Act, isIntent: boolean): string => {
    const text = sql ?? texts.get(sha256 ?? "");
    if (text === undefined) throw new Error(`no record holds the text of ${sha256}`);
    if (isIntent) texts.set(hash("sha256", text, "hex"), text);
    return text;
  };
  const valuesOf = ({ parameters, parameters_sha256: digest }: Act): string => {
    if (digest === undefined) {
      const values = valuesOrDigest(JSON.stringify((parameters ?? []).map(inFull)));
      longValues.add(values);
      return values;
    }
    if (!longValues.has(digest)) throw new Error(`no record holds the values of ${digest}`);
    return digest;
  };
  for (const { type, seq, detail } of records) {
    const { act } = detail;
    if (act !== undefined) {
      const text = textOf(act, type === "act.intent");
      if (type === "act.intent") {
        const prepared = [...text.matchAll(/\bprepare (\w+)/g)].map(([, name = ""]) => name.slice(0, 63));
        names.set(text, new Set([...(names.get(text) ?? []), ...prepared, act.statement ?? ""]));
        if (/\bexecute\b/.test(text)) executes.push(text);
        if (act.kind !== "parse") {
          intents.set(seq, ranOf(act.kind, text, valuesOf(act)));
          ran.add(text);
        }
      }
    }
    const intent = intents.get(detail.intent ?? -1);
    if (type !== "act.outcome" || intent === undefined || detail.error !== undefined) continue;
    // An Execute without a command tag found no statement to run, and the server does not log it.
    if (intent.startsWith("query ") || detail.tag !== undefined) done.push(intent);
  }
  const all = new Set(intents.values());
  /** By SQL's EXECUTE of one of the text's names, whose own text holds the values. */
  const tellsExecute = ({ text, values = [] }: Executed): boolean =>
    [...(names.get(text) ?? [])].some(
      (name) =>
        name !== "" &&
        executes.some(
          (said) =>
            said.includes(`execute ${name}`) &&
            values.every((value) => said.includes(`'${(value ?? "").replaceAll("'", "''")}'`)),
        ),
    );
  return {
    intents: [...intents.values()],
    done,
    texts: new Set(texts.values()),
    tells: (executed) =>
      (executed.values === undefined
        ? ran.has(executed.text)
        : all.has(ranOf("execute", executed.text, JSON.stringify(executed.values)))) ||
      tellsExecute(executed),
  };
}
