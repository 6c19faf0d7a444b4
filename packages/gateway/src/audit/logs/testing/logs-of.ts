import { hash } from "node:crypto";
import { MayflyError } from "../../../kernel/errors.ts";
import type { AuditQuery, AuditReader } from "../../index/port.ts";
import type { AuditRecord } from "../../records.ts";
import { auditLogs, type AuditLogsParts } from "../logs.ts";
import type { OnDisk } from "../search-log.ts";

export const LOGS = ["a", "b", "c"].map((name, at) => ({
  number: at + 1,
  name,
  id: `${name}+1+K`,
  records: 42,
}));
export const BYTES = Buffer.from("what was recorded");
export const DIGEST = `sha256:${hash("sha256", BYTES, "hex")}`;

/** The answer of a log that has nothing. */
export const answered = { records: [], hasMore: false, isBehind: false };

const RETIREMENT = { records: 41, by: "olga", reason: "INC-12", at: 9000 };

export const recordOf = (seq: number, type: AuditRecord["type"] = "act.intent"): AuditRecord => ({
  seq,
  time: new Date(seq * 1000).toISOString(),
  type,
  detail: {},
});

export const tampered = (): Promise<never> =>
  Promise.reject(new MayflyError("payload_tampered", "altered", { status: 500 }));

/** What stands around the logs in a test. */
export interface Given {
  /** What others answer, by their ids. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** What the own log has archived. */
  readonly archived?: AuditReader["archived"];
  readonly own?: AuditReader["payload"];
  readonly onDisk?: Readonly<Record<string, OnDisk["payload"]>>;
  /** What the index of a log without an answer has, and which of it are acts. */
  readonly indexed?: { readonly records: readonly AuditRecord[]; readonly acts: readonly number[] };
  /** The number of the last record that the index has of any log: 41 where it is left out. */
  readonly last?: () => number;
  /** Which logs there are. */
  readonly all?: AuditLogsParts["all"];
  /** Ids of those for which there was no place. */
  readonly unasked?: readonly string[];
  readonly onProblem?: AuditLogsParts["onProblem"];
  /** Told the names of those that are asked. */
  readonly onAsked?: (names: readonly string[]) => void;
  /** Ids of logs that were given up. */
  readonly retired?: readonly string[] | Error;
  /** What the index fails with. */
  readonly broken?: Error;
  /** Whether the own index has not caught up. */
  readonly isBehind?: boolean;
  /** The number of the record with which the index says that the log was closed. */
  readonly closed?: number;
  /** Logs on this machine, each with the number behind its last record. */
  readonly written?: Readonly<Record<string, number>>;
}

/** The logs `a`, `b` and `c`; `a` is the own one. */
export function logsOf({ answers = {}, own, onDisk = {}, indexed, all = async () => LOGS, ...given }: Given) {
  const reader = {
    search: async ({ limit }: AuditQuery) => ({
      records: [recordOf(9), recordOf(8)].slice(0, limit),
      isBehind: given.isBehind ?? false,
    }),
    payload: own ?? (async () => undefined),
    archived: given.archived,
  } as unknown as AuditReader;
  const parts: AuditLogsParts = {
    own: "a+1+K",
    reader,
    all,
    asking: {
      async ask(logs) {
        given.onAsked?.(logs.map(({ name }) => name));
        return { said: new Map(Object.entries(answers)), unasked: new Set(given.unasked) };
      },
    },
    onProblem: given.onProblem ?? (() => undefined),
    async retired() {
      if (given.retired instanceof Error) throw given.retired;
      return new Map(given.retired?.map((log) => [log, { ...RETIREMENT, log, name: log.slice(0, 1) }]));
    },
    index: () => ({
      last: async () => given.last?.() ?? 41,
      search: async ({ types }, read) => {
        if (given.broken !== undefined) throw given.broken;
        if (types?.includes("log.closed") === true)
          return given.closed === undefined ? [] : [recordOf(given.closed, "log.closed")];
        return [...(await read(indexed?.acts ?? [])), ...(indexed?.records ?? [])];
      },
    }),
    stubs: async (_log, seqs) =>
      seqs.map((seq) => ({
        seq,
        type: "act.intent",
        time: seq * 1000,
        opening: JSON.stringify(recordOf(1)),
      })),
    onDisk(log) {
      const payload = onDisk[log];
      const end = given.written?.[log];
      if (payload === undefined && end === undefined) return undefined;
      return {
        payload: payload ?? (async () => undefined),
        readEach: async (seqs, below) =>
          seqs.filter((seq) => seq < Math.min(end ?? 0, below)).map((seq) => recordOf(seq)),
      };
    },
  };
  return auditLogs(parts);
}
