import { StringDecoder } from "node:string_decoder";
import { Cut } from "../../../gate/web/proxy/relay.ts";
import type { Json } from "../../../kernel/canonical.ts";

/** What a recording is made of. */
export interface RecordingParts {
  /** Keeps a part beside the log; a log that takes nothing throws. */
  readonly payload: (bytes: Buffer) => { readonly bytes: number; readonly payload: string };
  /** Whether more may be recorded now. */
  readonly goesOn: () => boolean;
  /** Milliseconds, never stepping back. */
  readonly now: () => number;
  /** Milliseconds since the epoch, when it began. */
  readonly startedAt: number;
  readonly argv: readonly string[];
  /** The most that there may be of output, and of input, in UTF-16 code units; 64 Mi each when left out. */
  readonly maxLength?: number;
}

/**
 * Records what a command wrote and, apart from it, what was typed: two asciicasts (version 2). What it cannot record must
 * not go on: it throws a Cut, `recording_full` beyond its bound, `recording_stopped` where no more may be recorded now, and
 * what the log throws.
 */
export interface Recorder {
  /** @param source tells streams apart whose characters may be split anywhere */
  output(bytes: Buffer, source: string): void;
  input(bytes: Buffer): void;
  size(columns: number, rows: number): void;
  /** Keeps what is left. @returns what the outcome says of the recording: its parts, in order */
  end(): Json;
}

/** A part is kept as soon as it is this long, so that a process that dies loses little, in UTF-16 code units. */
const PART_LENGTH = 262_144;
const MAX_KEPT_LENGTH = 67_108_864;

/** One asciicast, kept in parts: their concatenation, in order, is the file. */
function createCast(parts: RecordingParts, head: () => string) {
  const kept: Json[] = [];
  // Not TextDecoder, which takes about four times as long for a stream.
  const decoders = new Map<string, StringDecoder>();
  const max = parts.maxLength ?? MAX_KEPT_LENGTH;
  const started = parts.now();
  let text = "";
  let written = 0;
  let isBegun = false;
  const keep = (): void => {
    if (text === "") return;
    const whole = isBegun ? text : head() + text;
    isBegun = true;
    text = "";
    kept.push({ ...parts.payload(Buffer.from(whole)) });
  };
  const event = (code: string, data: string): void => {
    const line = `${JSON.stringify([Math.round(parts.now() - started) / 1000, code, data])}\n`;
    written += line.length;
    // What is not text grows sixfold when it is written down: the bound is on what is kept.
    if (written > max) throw new Cut("recording_full");
    text += line;
    if (text.length < PART_LENGTH) return;
    keep();
    // After it was kept: most of it has passed already.
    if (!parts.goesOn()) throw new Cut("recording_stopped");
  };
  return {
    event,
    data(code: string, chunk: Buffer, source: string): void {
      let decoder = decoders.get(source);
      if (decoder === undefined) decoders.set(source, (decoder = new StringDecoder("utf8")));
      const data = decoder.write(chunk);
      if (data !== "") event(code, data);
    },
    end(): Json | undefined {
      keep();
      if (kept.length === 0) return undefined;
      return { parts: kept };
    },
  };
}

/** Makes a recorder. */
export function createRecorder(parts: RecordingParts): Recorder {
  let size = { columns: 80, rows: 24 };
  let isSized = false;
  const head = (): string =>
    `${JSON.stringify({
      version: 2,
      width: size.columns,
      height: size.rows,
      timestamp: Math.floor(parts.startedAt / 1000),
      title: parts.argv.join(" ").slice(0, 1000),
    })}\n`;
  const output = createCast(parts, head);
  const input = createCast(parts, head);
  return {
    output: (bytes, source) => output.data("o", bytes, source),
    input: (bytes) => input.data("i", bytes, "stdin"),
    size(columns, rows) {
      if (columns === 0 || rows === 0) return;
      if (isSized) output.event("r", `${columns}x${rows}`);
      else size = { columns, rows };
      isSized = true;
    },
    end() {
      const [out, typed] = [output.end(), input.end()];
      return {
        format: "asciicast-v2",
        ...(out === undefined ? {} : { output: out }),
        ...(typed === undefined ? {} : { input: typed }),
      };
    },
  };
}
