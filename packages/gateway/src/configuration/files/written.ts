import { dirname, resolve } from "node:path";
import { readDocument } from "../document.ts";
import type { Finding } from "../findings.ts";
import { offsetInside, placedAt, placer } from "../positions.ts";
import type { Path, Place, Placed } from "../positions.ts";
import { readText } from "../read.ts";
import type { ConfigurationProblem } from "../types.ts";

/** Maximum size of a configuration file, bytes. */
const MAX_CONFIGURATION_BYTES = 524_288;

/** A place in a configuration file. */
export interface FilePlace extends Place {
  readonly file: string;
}

/** A configuration file as it is written, before anything in it was checked. */
export interface WrittenFile {
  /** As problems name it. */
  readonly file: string;
  /** Where its relative paths start. */
  readonly folder: string;
  readonly value: unknown;
  /** What is wrong with its text. */
  readonly problems: readonly ConfigurationProblem[];
  /** Its last line, if that has no end; for a file that is good otherwise. */
  readonly cut: readonly ConfigurationProblem[];
  /** Whether a value at this path is already reported as one that is not YAML: it has no members to check. */
  readonly isReported: (finding: Finding) => boolean;
  /** The place of a finding. */
  readonly placeOf: (finding: Pick<Finding, "path" | "at">) => FilePlace;
  /** The place of a value, or of a character inside it; a path that leads nowhere gives the last value on its way. */
  readonly locate: (path: Path, offset?: number) => FilePlace;
}

/** A file that could be read as YAML, or what keeps it from being. */
export type ReadWritten =
  | { readonly ok: true; readonly written: WrittenFile }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

/**
 * Reads one configuration file: YAML 1.2, UTF-8, at most 512 KiB.
 * @param file as problems name it
 * @param from where it really is, for a file that was looked for and must be read there; relative paths start at the folder of `file`
 */
export async function readWritten(file: string, from?: string): Promise<ReadWritten> {
  const reading = await readText(from ?? file, MAX_CONFIGURATION_BYTES, from !== undefined);
  if (!reading.ok) {
    const before = reading.before ?? "";
    const place = { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
    const { message, hint } = reading;
    return { ok: false, problems: [{ file, ...place, message, ...(hint === undefined ? {} : { hint }) }] };
  }
  const { text } = reading;
  const place = placer(text);
  const { value, root, problems } = readDocument(text);
  const placed = problems.map(({ offset, ...said }) => ({ file, ...place(offset), ...said }));
  if (value === undefined) return { ok: false, problems: placed };
  const reported = new Set(problems.map(({ offset }) => offset));
  return {
    ok: true,
    written: {
      file,
      folder: dirname(resolve(file)),
      value,
      problems: placed,
      cut: missingEnd(file, text, place),
      isReported: ({ path, at }) => at === "value" && reported.has(offsetOf(root, path, at)),
      placeOf: ({ path, at }) => ({ file, ...place(offsetOf(root, path, at)) }),
      locate(path, offset) {
        const { placed: found } = placedAt(root, path);
        return { file, ...place(offset === undefined ? found.start : offsetInside(text, found, offset)) };
      },
    },
  };
}

/** Half a file is often valid: a policy fewer, a shorter condition. A file cut at a line's end cannot be recognised. */
function missingEnd(
  file: string,
  text: string,
  place: (offset: number) => Place,
): readonly ConfigurationProblem[] {
  if (text.endsWith("\n")) return [];
  const message = "the last line has no end: the file may be cut short";
  return [{ file, ...place(text.length), message, hint: "end it with a line feed" }];
}

function offsetOf(root: Placed, path: Path, at: Finding["at"]): number {
  const { placed, complete } = placedAt(root, path);
  return at === "key" || (at === "missing" && !complete) ? (placed.key ?? placed.start) : placed.start;
}
