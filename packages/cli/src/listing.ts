import { isPassing } from "@mayfly/sdk";
import { formatDuration } from "@mayfly/sdk/formats";
import { type Command, InvalidArgumentError, Option } from "commander";
import { stringify } from "yaml";
import { parseSpan } from "./arguments.ts";
import type { CommonOptions } from "./context.ts";
import { errorText } from "./exit.ts";
import { note, out, outJson, safeJson } from "./print.ts";
import { interruptible, pauseUntil } from "./terminal/interrupt.ts";
import type { Fit } from "./terminal/table.ts";

/** How a list is written. */
type Format = "table" | "wide" | "json" | "yaml";

/** What the commands take that list something. */
export interface ListOptions extends CommonOptions {
  readonly output?: Format;
  /** Milliseconds between two looks; true: the usual ones. */
  readonly watch?: number | true;
}

/** How often `--watch` looks, milliseconds. */
const WATCH_EVERY_MS = 2000;
const MIN_WATCH_MS = 200;
/** Erase in page, and the cursor to its first place (ECMA-48, sections 8.3.39 and 8.3.21). */
const FRESH_PAGE = "\u001b[2J\u001b[H";

/** Gives a command the choice of how its list is written. */
export function listing(made: Command): Command {
  return made.addOption(
    new Option("-o, --output <format>", "how: a table cut to the terminal, one with everything, JSON or YAML")
      .choices(["table", "wide", "json", "yaml"])
      .conflicts("json"),
  );
}

/** Gives a command `--watch` as well. */
export function watchable(made: Command): Command {
  return listing(made).option(
    "-w, --watch [every]",
    "look again and again, every 2s or as often as this says, until Ctrl-C",
    (text: string) => {
      const ms = parseSpan(text);
      if (ms === undefined || ms < MIN_WATCH_MS)
        throw new InvalidArgumentError("Give a duration of 200ms at least, for example 5s.");
      return ms;
    },
  );
}

/** What a list is made of. */
export interface Listed<T> {
  readonly load: () => Promise<T>;
  /** As a person reads it. @param wide everything */
  readonly text: (value: T, fit: Fit) => string;
  /** Said in the place of an empty text. */
  readonly empty: string;
}

/** Prints a list once, or again and again. */
export async function list<T>(options: ListOptions, listed: Listed<T>): Promise<void> {
  if (options.watch === undefined) {
    print(options, listed, await listed.load());
    return;
  }
  await watch(options, listed, options.watch === true ? WATCH_EVERY_MS : options.watch);
}

function formatOf(options: ListOptions): Format {
  return options.json === true ? "json" : (options.output ?? "table");
}

function print<T>(options: ListOptions, { text, empty }: Listed<T>, value: T): void {
  const format = formatOf(options);
  if (format === "json") return outJson(value);
  if (format === "yaml") return out(yamlOf(value));
  const shown = text(value, { wide: format === "wide", columns: columnsOf() });
  return shown === "" ? note(empty) : out(shown);
}

/** Texts are always quoted, so that whatever a terminal might act on can stand there as an escape, as in JSON. */
function yamlOf(value: unknown): string {
  return safeJson(
    stringify(value, { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }).trimEnd(),
  );
}

/** The terminal's width; undefined where there is none, or it does not say. */
function columnsOf(): number | undefined {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;
}

/**
 * What stands above one of several looks: when it was taken. Looks that follow each other on paper are parted as their format
 * parts them: by an empty line, as documents of YAML, or, in JSON, by the end of the line alone.
 * @param every of a page that is drawn anew: how often, milliseconds
 */
export function headingOf(format: Format, at: Date, every: number | undefined, isFirst: boolean): string {
  if (format === "json") return "";
  if (format === "yaml") return "---";
  const time = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  if (every !== undefined) return `${time}, every ${formatDuration(every)}; Ctrl-C ends this\n`;
  return isFirst ? time : `\n${time}`;
}

/** On a terminal the page is drawn anew; elsewhere only what has changed is printed, JSON as one line each time. */
async function watch<T>(options: ListOptions, listed: Listed<T>, every: number): Promise<void> {
  const isPage = process.stdout.isTTY && process.env["TERM"] !== "dumb";
  const format = formatOf(options);
  let last: string | undefined;
  const headingNow = (): string =>
    headingOf(format, new Date(), isPage ? every : undefined, last === undefined);
  const look = async (): Promise<void> => {
    try {
      const value = await listed.load();
      const now = JSON.stringify(value);
      if (isPage) process.stdout.write(FRESH_PAGE);
      else if (now === last) return;
      out(headingNow());
      last = now;
      if (format === "json") outJson(value, 0);
      else print(options, listed, value);
    } catch (thrown) {
      // A gateway that restarts is back in a moment.
      if (!isPassing(thrown)) throw thrown;
      note(errorText(thrown));
    }
  };
  await interruptible(async (stop) => {
    while (!stop.aborted) {
      await look();
      await pauseUntil(stop, every);
    }
  });
}
