import {
  cosignaturesOf,
  parseNote,
  parseWitnessKey,
  type Note,
  type VerifierKey,
} from "@mayfly/audit-verifier";
import type { WitnessDestination } from "../../kernel/checkpoint-settings.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Prover } from "../tree/proofs.ts";
import type { Destination, LeavingCheckpoint, WitnessPort } from "./destination.ts";
import { createExchange, refusal, type Answer } from "./exchange.ts";

/** How often the size that a witness has seen may turn out to be another one in one attempt. */
const MAX_CONFLICTS = 2;
/** What a witness may answer a checkpoint with: a signature line by each of its keys, of some 200 bytes each. */
const MAX_COSIGNATURES_BYTES = 4096;

/** What a witness is asked with. */
export interface WitnessParts {
  readonly settings: WitnessDestination;
  readonly clock: Clock;
  readonly prover: Pick<Prover, "proveGrowth">;
  /** Where the cosigned checkpoints are kept. */
  readonly kept: Destination;
}

/**
 * Has a witness cosign each checkpoint (C2SP tlog-witness, `add-checkpoint`): it signs only what contains all that it
 * has seen of this log, and remembers it. Which size it has seen it says itself.
 */
export function witnessDestination({ settings, clock, prover, kept }: WitnessParts): WitnessPort {
  const { url, ca } = settings;
  const witness = parseWitnessKey(settings.key);
  const exchange = createExchange(url, ca, clock);
  let seen = 0;
  let cosigned: { readonly size: number; readonly line: string } | undefined;

  async function submit({ note }: LeavingCheckpoint, signal: AbortSignal): Promise<Answer> {
    const proof = seen === 0 ? [] : await prover.proveGrowth(note, seen, signal);
    const lines = [`old ${seen}`, ...proof, ""].map((line) => `${line}\n`).join("");
    return exchange.ask(
      {
        method: "POST",
        url: `${url}/add-checkpoint`,
        headers: { "content-type": "text/plain; charset=utf-8", "user-agent": "mayfly" },
        body: `${lines}${note}`,
      },
      signal,
    );
  }

  return {
    async deliver(checkpoint, signal) {
      const { note, size, origin } = checkpoint;
      let answer = await submit(checkpoint, signal);
      for (let conflicts = 0; answer.status === 409 && conflicts < MAX_CONFLICTS; conflicts += 1) {
        const size = sizeIn(answer);
        if (size === undefined) break;
        if (size > checkpoint.size) throw new Error(shrank(size, checkpoint.size));
        if (size === seen) throw new Error(`has seen another log of the same name with ${seen} records`);
        seen = size;
        answer = await submit(checkpoint, signal);
      }
      if (answer.status !== 200) throw wordsFor(answer, origin, seen);
      const line = lineOf(note, answer.body, witness);
      await kept.deliver({ ...checkpoint, note: `${note}${line}` }, signal);
      seen = size;
      cosigned = { size, line };
    },
    cosigned: () => cosigned,
    close: () => exchange.close(),
  };
}

/** The size in the answer to a conflict; undefined where there is none. */
function sizeIn({ contentType, body }: Answer): number | undefined {
  return contentType.startsWith("text/x.tlog.size") && /^(0|[1-9]\d{0,14})\n$/.test(body)
    ? Number(body)
    : undefined;
}

/**
 * The witness's own line, verified: one, whatever else it answers, since what is kept of it leaves for every other
 * destination as well.
 * @throws Error when it gives none, or one that does not verify
 */
function lineOf(note: string, answer: string, witness: VerifierKey): string {
  if (Buffer.byteLength(answer) > MAX_COSIGNATURES_BYTES)
    throw new Error(`answered with more than ${MAX_COSIGNATURES_BYTES} bytes of cosignatures`);
  const given = signaturesIn(note, answer);
  // The note's own signatures come first, a line each, as the answer's do.
  const lines = answer.split(/(?<=\n)/);
  const own = given
    .slice(-lines.length)
    .findIndex(({ name, id }) => name === witness.name && id === witness.id);
  const line = lines[own];
  if (line === undefined || cosignaturesOf(parseNote(`${note}${line}`), [witness]).length === 0)
    throw new Error(`answered with no cosignature of its key ${witness.name}+${witness.id}`);
  return line;
}

/** Those of the note with the answer behind it. @throws Error when the answer is anything but signature lines */
function signaturesIn(note: string, answer: string): Note["signatures"] {
  try {
    const { text, signatures } = parseNote(`${note}${answer}`);
    if (note.startsWith(`${text}\n`)) return signatures;
  } catch {
    // Said below.
  }
  throw new Error("answered with what is no signature");
}

function shrank(seen: number, size: number): string {
  return `has seen ${seen} records of this log, which holds ${size}: records are missing here, or another gateway has this log's name and key`;
}

/** C2SP tlog-witness names what each status means. */
function wordsFor(answer: Answer, origin: string, seen: number): Error {
  if (answer.status === 403)
    return new Error("knows this log, and not the key that signed: have the log's newest key added there");
  if (answer.status === 404)
    return new Error(`does not know the log ${origin}: have its name and its key added there`);
  if (answer.status === 422)
    return new Error(`says that the log is not what it was with ${seen} records: verify the log`);
  return refusal(answer.status);
}
