import type { Stretch } from "../index/record-reader.ts";
import type { AuditRecord } from "../records.ts";
import { readReadAnswer } from "./answer.ts";
import type { Asking } from "./asking.ts";
import type { IndexedActs, IndexedLog } from "./port.ts";
import { stubOf } from "./stubs.ts";
import type { OnDisk } from "./search-log.ts";

/** What another log's records are read with. */
export interface ReadOtherParts {
  readonly index: Pick<IndexedActs, "range" | "stubs">;
  readonly asking: Asking;
  readonly onDisk: (log: string) => OnDisk | undefined;
}

/** The index has not got so far yet: it is built anew. What is there now is to be read later. */
export class NotIndexed extends Error {}

/**
 * Reads a stretch of another log: what the store has in full from there, its acts from its files where they are on this
 * machine, else from its gateway. Those who read the same at once share it.
 * @throws NotIndexed where the index has none of it yet
 * @throws Error where a gateway that lives does not answer: it is asked again
 */
export type ReadOther = (
  log: IndexedLog,
  from: number,
  to: number,
  wanted: (type: string) => boolean,
) => Promise<Stretch>;

/** Makes what reads other logs, for hundreds of streams as for one. */
export function createReadOther(parts: ReadOtherParts): ReadOther {
  const rangeOnce = shared((log, [from = 0, to = 0]) => parts.index.range(log.id, from, to));
  const actsOnce = shared((log, seqs) => readActs(parts, log, seqs));
  return async (log, from, to, wanted) => {
    const { records, acts, end } = await rangeOnce(log, [from, to]);
    if (end <= from) throw notIndexed(log, from);
    const seqs = acts.filter(({ type }) => wanted(type)).map(({ seq }) => seq);
    const { records: read, next = Math.min(to, end) } =
      seqs.length === 0 ? { records: [] } : await actsOnce(log, seqs);
    const all = [...records.filter(({ type, seq }) => wanted(type) && seq < next), ...read];
    return { records: all.toSorted((a, b) => a.seq - b.seq), next };
  };
}

const notIndexed = ({ name }: IndexedLog, seq: number): NotIndexed =>
  new NotIndexed(`the index does not have record ${seq} of the log ${name} yet`);

/** Has calls for the same of one log share what is under way. */
function shared<Result>(run: (log: IndexedLog, numbers: readonly number[]) => Promise<Result>): typeof run {
  const underWay = new Map<string, Promise<Result>>();
  return (log, numbers) => {
    const key = `${log.id} ${numbers.join(" ")}`;
    const running = underWay.get(key) ?? run(log, numbers).finally(() => underWay.delete(key));
    underWay.set(key, running);
    return running;
  };
}

async function readActs(
  { index, asking, onDisk }: ReadOtherParts,
  log: IndexedLog,
  seqs: readonly number[],
): Promise<{ readonly records: readonly AuditRecord[]; readonly next?: number }> {
  const { id, name, end } = log;
  const files = onDisk(id);
  if (files !== undefined)
    return { records: await files.readEach(seqs, Math.max(end, ...seqs.map((s) => s + 1))) };
  if (asking.lives(log)) {
    const { said: answers, unasked } = await asking.ask([log], () => ({ kind: "read", seqs }));
    if (unasked.has(id)) throw new Error(`the log ${name} was not asked: too many questions wait here`);
    const said = readReadAnswer(answers.get(id));
    if (said === undefined) throw new Error(`the gateway of the log ${name} does not answer`);
    const last = said.records.at(-1);
    return { records: said.records, ...(said.isCut && last !== undefined ? { next: last.seq + 1 } : {}) };
  }
  let stubs = await index.stubs(id, seqs);
  if (stubs.length < seqs.length) {
    // They were dropped since, or the index is built anew.
    const last = seqs.reduce((a, b) => Math.max(a, b));
    if ((await index.range(id, last, last + 1)).end <= last) throw notIndexed(log, last);
    stubs = await index.stubs(id, seqs);
  }
  return { records: stubs.map((act) => stubOf(act, name)) };
}
