import { MayflyError, type AuditRecord, type Mayfly } from "@mayfly/sdk";
import { formatDuration } from "@mayfly/sdk/formats";
import { type Cast, type Pace, type Recording, readCast, stepsOf } from "@mayfly/sdk/recordings";
import { type Command, InvalidArgumentError } from "commander";
import { duration, parseSpan } from "../arguments.ts";
import { command, type CommonOptions, connect } from "../context.ts";
import { counted, note, oneLine, out, safeJson } from "../print.ts";
import { lineOf, type Step, storyOf } from "../session-story.ts";
import { exitCodeOfSignal, interruptible, pauseUntil } from "../terminal/interrupt.ts";
import { stageOf } from "../terminal/stage.ts";

interface ReplayOptions extends CommonOptions {
  readonly speed: number;
  /** Milliseconds. */
  readonly at: number;
  readonly maxPause?: string;
  readonly acts?: boolean;
  readonly typed?: boolean;
  readonly raw?: boolean;
}

const MAX_SPEED = 1000;

/** `mayfly audit replay`. */
export function replayCommand(): Command {
  return command(
    "replay <session>",
    "Replay a session: recordings of commands play as they ran, other acts are told in words (auditors, operators)",
    "mayfly audit replay ses_7k2m9q4t0x5c8v1n --speed 4 --at 1m30s",
  )
    .option("--speed <factor>", "2: twice as fast", factor, 1)
    .option("--at <time>", "start so far into the recording: 90s, 1m30s or 1:30", timeInto, 0)
    .option("--max-pause <duration>", "no pause longer than this, for example 2s", duration)
    .option("--acts", "only tell what was done, and play nothing")
    .option("--typed", "show what was typed in the place of what was printed")
    .option(
      "--raw",
      "let every recorded control sequence through: a command's author may then own your terminal and clipboard",
    )
    .addHelpText(
      "after",
      "\nText, colours and movements on the screen are played. Titles, links, the\n" +
        "clipboard, questions to the terminal and the like are left out. What moves\n" +
        "about plays on a screen of its own. Ctrl-C ends it. Where standard output is no\n" +
        "terminal, nothing waits, and only lines are written.",
    )
    .action(replay);
}

function factor(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= MAX_SPEED))
    throw new InvalidArgumentError("Give a number above 0, for example 2 or 0.5.");
  return number;
}

/** `90s`, `1m30s` or `1:30`, as milliseconds. */
export function timeInto(text: string): number {
  const [, minutes, seconds] = /^(\d{1,4}):([0-5]\d)$/.exec(text) ?? [];
  if (minutes !== undefined) return (Number(minutes) * 60 + Number(seconds)) * 1000;
  const parts = /^(?:\d{1,9}(?:ms|s|m|h|d))+$/.test(text) ? (text.match(/\d+[a-z]+/g) ?? []) : [];
  if (parts.length === 0) throw new InvalidArgumentError("Give how far into it: 90s, 1m30s or 1:30.");
  return parts.reduce((sum, part) => sum + (parseSpan(part) ?? 0), 0);
}

async function replay(session: string, options: ReplayOptions): Promise<void> {
  const { mayfly } = connect(options);
  const records = await recordsOf(mayfly, session);
  if (options.json === true) {
    for (const record of records) out(safeJson(JSON.stringify(record)));
    return;
  }
  const story = storyOf(records);
  const first = story[0]?.at ?? 0;
  const maxPause = options.maxPause === undefined ? undefined : parseSpan(options.maxPause);
  const pace = { speed: options.speed, from: options.at, maxPause };
  const ended = await interruptible(async (stop) => {
    for (const step of story) {
      out(lineOf(step, first));
      if (options.acts === true || step.recording === undefined) continue;
      await show(mayfly, step, step.recording, options, pace, stop);
      stop.throwIfAborted();
    }
  });
  if ("by" in ended) process.exitCode = exitCodeOfSignal(ended.by);
}

/** A session's records, oldest first. @throws MayflyError where there are none */
async function recordsOf(mayfly: Mayfly, session: string): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const record of mayfly.audit.all(
    { session, limit: 1000 },
    () => undefined,
    ({ log, reason }) => note(`note: ${log}: ${reason}`),
  ))
    records.push(record);
  if (records.length > 0) return records.toReversed();
  throw new MayflyError("not_found", `the log holds no records of session ${session}`, {
    status: 404,
    hint: "mayfly live -o wide and mayfly audit search name sessions; what was archived is not searched",
  });
}

/** Plays one recording, or says why it can't be. */
async function show(
  mayfly: Mayfly,
  step: Step,
  recording: Recording,
  options: ReplayOptions,
  pace: Pace,
  stop: AbortSignal,
): Promise<void> {
  const parts = options.typed === true ? recording.input : recording.output;
  if (parts.length === 0) {
    note(`note: nothing was ${options.typed === true ? "typed" : "printed"}`);
    return;
  }
  let cast: Cast;
  try {
    cast = readCast(await textOf(mayfly, parts, stop));
  } catch (thrown) {
    if (!(thrown instanceof MayflyError) || thrown.code !== "not_found") throw thrown;
    note(`note: the recording of this act is not here: ${thrown.hint ?? thrown.message}`);
    return;
  }
  if (options.typed === true) {
    for (const { at, code, data } of cast.events)
      if (code === "i") out(lineOf({ at: step.at + at, words: JSON.stringify(data) }, step.at));
    return;
  }
  await play(cast, options, pace, stop);
}

async function textOf(mayfly: Mayfly, parts: readonly string[], stop: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (const part of parts)
    for await (const chunk of await mayfly.audit.payload(part, stop)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Writes a recording's output as it came. The terminal is left as it was, whatever was written and however it ends. */
async function play(cast: Cast, options: ReplayOptions, pace: Pace, stop: AbortSignal): Promise<void> {
  const isTerminal = process.stdout.isTTY;
  const { columns, rows } = process.stdout;
  if (isTerminal && (columns < cast.width || rows < cast.height))
    note(`note: it was recorded on ${cast.width}×${cast.height}; this terminal has ${columns}×${rows}`);
  const steps = stepsOf(cast, pace);
  const chunks = steps.map(({ data }) => data);
  const stage = stageOf(chunks, { isTerminal, isRaw: options.raw === true });
  try {
    process.stdout.write(stage.begin);
    for (const { wait, data } of steps) {
      if (isTerminal && wait > 0) await pauseUntil(stop, wait);
      stop.throwIfAborted();
      if (!process.stdout.write(stage.show(data))) await drained(stop);
    }
  } finally {
    process.stdout.write(stage.end());
  }
  const whole = cast.events.at(-1)?.at ?? 0;
  note(
    `mayfly: end of ${oneLine(cast.title)}: ${[formatDuration(whole), counted(steps.length, "write"), ...paceWords(pace)].join(", ")}`,
  );
}

function paceWords({ speed, from, maxPause }: Pace): readonly string[] {
  return [
    ...(speed === 1 ? [] : [`at ${speed}×`]),
    ...(from === 0 ? [] : [`from ${formatDuration(from)}`]),
    ...(maxPause === undefined ? [] : [`pauses of ${formatDuration(maxPause)} at most`]),
  ];
}

/** A terminal slower than the recording is waited for, and nothing piles up. */
function drained(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once("drain", resolve);
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
}
