/** The parts of one asciicast, in order, each kept beside the log under its digest. */
export interface Recording {
  readonly output: readonly string[];
  readonly input: readonly string[];
}

type Detail = Readonly<Record<string, unknown>>;

/** What an act's outcome says of its recording. @param outcome the record's detail */
export function recordingOf(outcome: Detail): Recording | undefined {
  const more = outcome["more"] as Detail | undefined;
  const recording = more?.["recording"] as Detail | undefined;
  if (recording?.["format"] !== "asciicast-v2") return undefined;
  return { output: partsOf(recording["output"]), input: partsOf(recording["input"]) };
}

function partsOf(cast: unknown): readonly string[] {
  const { parts } = (cast ?? {}) as { readonly parts?: unknown };
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: unknown) => {
    const { payload } = (part ?? {}) as { readonly payload?: unknown };
    return typeof payload === "string" && /^sha256:[0-9a-f]{64}$/.test(payload) ? [payload] : [];
  });
}
