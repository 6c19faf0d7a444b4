import { stubsOf, type Stub } from "@mayfly/audit-verifier";

/** What readers of a log know of the files that were dropped. */
export interface DroppedRecords {
  /** Where to go on when a record was dropped: the first record behind its file; undefined: it was not. */
  skip(seq: number): number | undefined;
  /** The records of dropped files that are kept, from a number on and below another, in order. */
  carried(from: number, to: number): readonly { readonly seq: number; readonly line: string }[];
  /** What stands for the dropped files with a record from a number on and below another. */
  within(from: number, to: number): readonly Stub[];
  /** All that was dropped: how many records, and the time of the newest of them. */
  readonly total: { readonly records: number; readonly to: string } | undefined;
  /** The one that was prepared last; undefined: none was dropped. */
  readonly latest: Stub | undefined;
  add(stub: Stub): void;
}

/** @param folder of a log whose drops are finished; else `isDropped` tells which are */
export function droppedRecords(
  folder: string,
  isDropped: (stub: Stub) => boolean = () => true,
): DroppedRecords {
  const stubs: Stub[] = stubsOf(folder)
    .flatMap((found) => ("stub" in found ? [found.stub] : []))
    .filter((stub) => isDropped(stub));
  const within = (from: number, to: number): readonly Stub[] =>
    stubs.filter(({ first, count }) => first < to && first + count > from);
  return {
    skip(seq) {
      let at = seq;
      for (const { first, count } of stubs) if (at >= first && at < first + count) at = first + count;
      return at === seq ? undefined : at;
    },
    within,
    carried: (from, to) =>
      within(from, to)
        .flatMap((stub) => stub.carried)
        .filter(({ seq }) => seq >= from && seq < to),
    get total() {
      if (stubs.length === 0) return undefined;
      const records = stubs.reduce((sum, { count }) => sum + count, 0);
      return { records, to: stubs.map(({ to }) => to).reduce((a, b) => (a > b ? a : b)) };
    },
    get latest() {
      return stubs.reduce<Stub | undefined>(
        (last, one) => (one.at >= (last?.at ?? 0) ? one : last),
        undefined,
      );
    },
    add(stub) {
      stubs.push(stub);
      stubs.sort((one, other) => one.first - other.first);
    },
  };
}
