import type { LogsFeed } from "../../../audit/logs/feed.ts";
import type { Places } from "../../../audit/logs/places.ts";
import type { LoggedRecord } from "../../../audit/logs/port.ts";
import type { EventFilter } from "./filter.ts";

/** What batches of records are sent with. */
export interface BatchesParts {
  readonly feed: Pick<LogsFeed, "idOf">;
  /** The first record's number, of each log. */
  readonly from: Places;
  /** The types that were asked for. */
  readonly wanted: (type: string) => boolean;
  readonly filter: Pick<EventFilter, "view">;
  /** Hands text to the reader, and waits until there is room for more. */
  readonly send: (text: string) => Promise<void>;
  readonly isOver: () => boolean;
  /** Text handed on in one go, UTF-16 code units. */
  readonly textLength: number;
}

/** The records of a stream of events, on their way to its reader. */
export interface Batches {
  /** Sends a batch of one log. Those of several logs go one after another. */
  take(log: number, records: readonly LoggedRecord[], next: number): Promise<void>;
  /** The next record of each log behind those that were looked at, shown or not. */
  readonly looked: Places;
}

/** Without one a reader keeps the last that they had. */
export function idLine(id: string | undefined): string {
  return id === undefined ? "" : `id: ${id}\n`;
}

function eventOf(id: string | undefined, record: LoggedRecord): string {
  return `${idLine(id)}event: record\ndata: ${JSON.stringify(record)}\n\n`;
}

export function createBatches({
  feed,
  from,
  wanted,
  filter,
  send,
  isOver,
  textLength,
}: BatchesParts): Batches {
  /** The next record of each log: of those that were sent, and of those that were looked at, shown or not. */
  const sent = new Map(from);
  const looked = new Map(from);
  let turn = Promise.resolve();

  async function takeNow(log: number, records: readonly LoggedRecord[], next: number): Promise<void> {
    let text = "";
    try {
      for (const record of records) {
        // A batch that failed half-way comes again.
        if (record.seq < (sent.get(log) ?? 0) || !wanted(record.type)) continue;
        const view = await filter.view(record);
        if (isOver()) return;
        sent.set(log, record.seq + 1);
        looked.set(log, record.seq + 1);
        if (view !== undefined) text += eventOf(feed.idOf(looked), view);
        if (text.length < textLength) continue;
        const full = text;
        text = "";
        await send(full);
      }
      looked.set(log, Math.max(looked.get(log) ?? 0, next));
    } finally {
      // Whatever stopped it: what counts as sent is sent.
      if (text !== "") await send(text);
    }
  }

  return {
    looked,
    take(log, records, next) {
      const mine = turn.then(() => takeNow(log, records, next));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}
