import type { ActSource, Found, SeenAct } from "../../../gate/inventory/seen.ts";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import { textLines } from "../../../kernel/text-lines.ts";
import type { Told } from "./message-envelope.ts";
import { leftOut, recognizesMessages } from "./message-log-lines.ts";
import { readSent, type Sent } from "./message-sent.ts";
import { messagesIn } from "./messages-in.ts";
import { Pairing, type PairingBounds } from "./pairing.ts";

/** How many sessions' clients are remembered. */
const MAX_STREAMS = 10_000;
const BYTE_ORDER_MARK = "\uFEFF";
const BLANK = 0x20;

/** Of bounds those that are not the usual ones. */
interface LogBounds {
  readonly maxLineCharacters?: number;
  readonly pairing?: PairingBounds;
}

/** How many messages of a line are held against each other. */
const MAX_REPEATED = 4;

const areSame = (one: Sent, other: Sent): boolean =>
  one.kind === "asked"
    ? other.kind === "asked" && one.id === other.id && one.act === other.act
    : one.kind === "answer" &&
      other.kind === "answer" &&
      one.id === other.id &&
      one.isError === other.isError &&
      one.isToolError === other.isToolError;

/** Whether a message repeats one of the same line: some recorders write it as they read it, and once more as text. */
function isRepeated(sent: Sent, ofLine: Sent[]): boolean {
  if (ofLine.some((each) => areSame(sent, each))) return true;
  if (ofLine.length < MAX_REPEATED) ofLine.push(sent);
  return false;
}

/** Reads the lines of one recording. */
class Recording {
  readonly #tell: (found: Found) => void;
  readonly #pairing: Pairing;
  /** What the client of each stream calls itself. */
  readonly #clients = boundedMap<string>(MAX_STREAMS);
  #lastClient = "";

  constructor(tell: (found: Found) => void, bounds: PairingBounds | undefined) {
    this.#tell = tell;
    this.#pairing = new Pairing(tell, bounds);
  }

  take(text: string, line: number): void {
    const unread = (why: string): void => this.#tell({ kind: "unread", line, why });
    const ofLine: Sent[] = [];
    let isFound = false;
    for (const each of messagesIn(text)) {
      isFound = true;
      if ("why" in each) {
        unread(each.why);
        continue;
      }
      const sent = readSent(each.message, each.told.from);
      if (sent.kind === "unread") unread(sent.why);
      else if (sent.kind !== "nothing" && !isRepeated(sent, ofLine)) this.#takeMessage(sent, each.told);
    }
    const why = isFound ? undefined : leftOut(text);
    if (why !== undefined) unread(why);
  }

  end(): void {
    this.#pairing.end();
  }

  #takeMessage(sent: Exclude<Sent, { kind: "nothing" | "unread" }>, told: Told): void {
    const { stream = "", from, at } = told;
    if (sent.kind === "cancelled") {
      this.#pairing.cancel(stream, sent.id);
      return;
    }
    if (sent.kind === "answer") {
      // A client answers what the server asks of it.
      if (from !== "client") this.#pairing.answer(stream, sent, from === "server");
      return;
    }
    if (sent.client !== undefined) {
      this.#clients.set(stream, sent.client);
      this.#lastClient = sent.client;
    }
    const by = this.#clients.get(stream) ?? this.#lastClient;
    const act: SeenAct = { act: sent.act, by: by === "" ? (told.who ?? "") : by, times: 1 };
    this.#pairing.ask(stream, sent, at === undefined ? act : { ...act, at });
  }
}

/** The source, with bounds of its own. */
export function messageLog({ maxLineCharacters, pairing }: LogBounds = {}): ActSource {
  async function* read(pieces: AsyncIterable<string>): AsyncGenerator<Found> {
    const found: Found[] = [];
    const recording = new Recording((each) => found.push(each), pairing);
    for await (const { text, line, cut } of textLines(pieces, maxLineCharacters)) {
      if (cut) found.push({ kind: "unread", line, why: "the line is too long" });
      else if (text.charCodeAt(0) > BLANK || text.trim() !== "")
        recording.take(line === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text, line);
      if (found.length > 0) yield* found.splice(0);
    }
    recording.end();
    yield* found;
  }
  return { format: "mcp-messages", recognizes: recognizesMessages, read };
}

/**
 * Recordings of MCP's messages, a line each: as they go over stdio, as recorders put them into records of JSON, and as clients
 * write them into their logs (MCP, "Transports"; JSON-RPC 2.0). An act is told when its answer comes.
 */
export const mcpMessages: ActSource = messageLog();
