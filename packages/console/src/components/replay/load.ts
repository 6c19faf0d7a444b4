import { type Cast, readCast, type Recording } from "@mayfly/sdk/recordings";
import { mayfly } from "../../api/client.ts";

/** A recording longer than this is shown from its beginning so far. */
const MAX_RECORDING_BYTES = 16 * 1024 * 1024;

/** A recording as it was kept, and whether that is all of it. */
export interface Loaded {
  readonly cast: Cast;
  readonly isWhole: boolean;
}

/** Fetches a recording's parts, in order. @throws MayflyError not_found where one is not kept here */
export async function loadRecording({ output }: Recording, signal: AbortSignal): Promise<Loaded> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (const part of output) {
    for await (const chunk of await mayfly.audit.payload(part, signal)) {
      text += decoder.decode(chunk, { stream: true });
      bytes += chunk.length;
      if (bytes > MAX_RECORDING_BYTES) return { cast: readCast(text), isWhole: false };
    }
  }
  return { cast: readCast(text + decoder.decode()), isWhole: true };
}
