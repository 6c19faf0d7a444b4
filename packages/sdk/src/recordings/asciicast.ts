/** An event of an asciicast: after so many milliseconds, this. */
export interface CastEvent {
  readonly at: number;
  /** `o` output, `i` input, `r` another size. */
  readonly code: string;
  readonly data: string;
}

/** A recording (asciicast version 2: one JSON array a line, behind a head). */
export interface Cast {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly events: readonly CastEvent[];
}

/**
 * Reads an asciicast. Its last line may be torn, as of a gateway that was killed: it is left out.
 * @throws Error when it is none
 */
export function readCast(text: string): Cast {
  const [first = "", ...lines] = text.split("\n");
  const head = parsed(first) as
    | { version?: unknown; width?: unknown; height?: unknown; title?: unknown }
    | undefined;
  if (head?.version !== 2) throw new Error("the recording is no asciicast of version 2");
  return {
    width: typeof head.width === "number" ? head.width : 80,
    height: typeof head.height === "number" ? head.height : 24,
    title: typeof head.title === "string" ? head.title : "",
    events: lines.flatMap((line) => {
      const event = parsed(line);
      if (!Array.isArray(event)) return [];
      const [seconds, code, data] = event as readonly unknown[];
      return typeof seconds === "number" && typeof code === "string" && typeof data === "string"
        ? [{ at: Math.round(seconds * 1000), code, data }]
        : [];
    }),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** How a recording is played. */
export interface Pace {
  /** 2: twice as fast. */
  readonly speed: number;
  /** Milliseconds of the recording that are drawn at once. */
  readonly from: number;
  /** No pause is longer than this, milliseconds; undefined: as it was. */
  readonly maxPause?: number | undefined;
}

/** What is written, and how long to wait before it, milliseconds. */
export interface Step {
  readonly wait: number;
  readonly data: string;
}

/** The steps of a recording's output. */
export function stepsOf({ events }: Cast, { speed, from, maxPause = Infinity }: Pace): readonly Step[] {
  let before = from;
  return events
    .filter(({ code }) => code === "o")
    .map(({ at, data }) => {
      const pause = Math.min(Math.max(0, at - before), maxPause);
      before = Math.max(before, at);
      return { wait: pause / speed, data };
    });
}
