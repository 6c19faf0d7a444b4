import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import type { Batch, Destination, Handover, OutgoingRecord } from "../destination.ts";
import type { StreamNews } from "../progress.ts";
import { startStream, type ExportStream } from "../stream.ts";

/** A log in memory, a destination that tests answer for, and the stream between them. */
export interface TestStream {
  readonly clock: FakeClock;
  readonly stream: ExportStream;
  /** The numbers that were handed over, in their order, with what was sent again. */
  readonly sent: number[];
  readonly news: StreamNews[];
  /** What was kept of the cursor, oldest first. */
  readonly kept: number[];
  /** Lets time pass, and everything that waits for it happen. */
  pass(ms: number): Promise<void>;
}

/** Records of numbers, as if written at the clock's start. */
export function recordsOf(seqs: readonly number[], at = Date.UTC(2026, 0, 1, 12)): readonly OutgoingRecord[] {
  return seqs.map((seq) => ({ seq, at, type: "act.intent", text: `{"seq":${seq}}` }));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}

/** A step of the loop takes several turns of real reading and sending. */
const TURNS = 25;

export async function turns(count = TURNS): Promise<void> {
  for (let at = 0; at < count; at += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function testStream(options: {
  /** How many records the log has. */
  readonly end: () => number;
  readonly from?: number;
  /** Records that are in the archive alone. */
  readonly absent?: ReadonlySet<number>;
  readonly answer?: (batch: Batch) => Handover | Promise<Handover>;
  readonly settle?: NonNullable<Destination["settle"]>;
  readonly keep?: (next: number) => Promise<void>;
  readonly close?: () => Promise<void>;
}): TestStream {
  const clock = fakeClock();
  const sent: number[] = [];
  const news: StreamNews[] = [];
  const kept: number[] = [];
  const stream = startStream({
    name: "siem",
    destination: {
      async send(batch) {
        sent.push(...batch.records.map(({ seq }) => seq));
        return (await options.answer?.(batch)) ?? { kind: "delivered", delivered: batch.next };
      },
      ...(options.settle === undefined ? {} : { settle: options.settle }),
      close: options.close ?? (() => Promise.resolve()),
    },
    source: {
      end: options.end,
      read: (seq, limit) => {
        const next = Math.min(seq + limit, options.end());
        const there = range(seq, next).filter((each) => options.absent?.has(each) !== true);
        return Promise.resolve({ records: recordsOf(there), next });
      },
    },
    cursor: {
      async keep(_, next) {
        await options.keep?.(next);
        kept.push(next);
      },
    },
    log: "log",
    from: options.from ?? 0,
    clock,
    tell: (what) => news.push(what),
  });
  return {
    clock,
    stream,
    sent,
    news,
    kept,
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        await turns(4);
      }
    },
  };
}
