/** A record of an act in the index: its number and its type. */
export interface RunEntry {
  readonly seq: number;
  readonly type: "act.intent" | "act.denied" | "act.outcome";
}

/** By the two lowest bits of an entry; a shipped index holds them, so that none may ever mean something else. */
const TYPES = ["act.intent", "act.denied", "act.outcome"] as const;
const TYPE_BITS = 4;
/** Seven bits a byte, the lowest first; the eighth says that another byte follows (LEB128). */
const MORE = 0x80;

/**
 * Encodes records of acts, lowest number first: of each how far it is from the one before, times four, plus its type.
 * @param first the number of the first of them
 */
export function encodeRun(first: number, entries: readonly RunEntry[]): Uint8Array {
  const bytes: number[] = [];
  let before = first;
  for (const { seq, type } of entries) {
    let rest = (seq - before) * TYPE_BITS + TYPES.indexOf(type);
    for (; rest >= MORE; rest = Math.floor(rest / MORE)) bytes.push((rest % MORE) + MORE);
    bytes.push(rest);
    before = seq;
  }
  return Uint8Array.from(bytes);
}

/** @throws RangeError when the bytes are no entries */
export function decodeRun(first: number, bytes: Uint8Array): readonly RunEntry[] {
  const entries: RunEntry[] = [];
  let before = first;
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte % MORE) * scale;
    if (byte >= MORE) {
      scale *= MORE;
      continue;
    }
    const type = TYPES[value % TYPE_BITS];
    if (type === undefined) throw new RangeError("an entry of no type");
    before += Math.floor(value / TYPE_BITS);
    entries.push({ seq: before, type });
    value = 0;
    scale = 1;
  }
  if (scale !== 1) throw new RangeError("the last entry has no end");
  return entries;
}
