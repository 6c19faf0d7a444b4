import type { Archived } from "../index/port.ts";
import { readSearchAnswer } from "./answer.ts";
import type { Asking } from "./asking.ts";
import type { NumberedLog } from "./port.ts";

/** What logs are asked for what they have archived. */
export interface ArchivedParts {
  /** The id of this gateway's own log, and what it has archived. */
  readonly own: string;
  readonly reader: { readonly archived: Archived | undefined };
  readonly asking: Pick<Asking, "ask">;
}

/** Finds no record. */
const NOTHING = { before: 0, limit: 1 };

/** What some logs have archived, without any of their records: of those whose gateways answer. */
export async function archivedIn(
  { own, reader, asking }: ArchivedParts,
  logs: readonly NumberedLog[],
): Promise<readonly Archived[]> {
  const others = logs.filter(({ id }) => id !== own);
  const { said } = await asking.ask(others, () => ({ kind: "search", query: NOTHING }));
  const mine = others.length === logs.length ? undefined : reader.archived;
  return [mine, ...others.map(({ id }) => readSearchAnswer(said.get(id), NOTHING)?.archived)].flatMap(
    (one) => one ?? [],
  );
}

/** All of it: how many records, and when the newest of them was written. */
export function sumOf(all: readonly Archived[]): Archived | undefined {
  if (all.length === 0) return undefined;
  return {
    records: all.reduce((sum, { records }) => sum + records, 0),
    to: all.map(({ to }) => to).reduce((a, b) => (a > b ? a : b)),
  };
}
