import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { JsonElements, type JsonElement } from "../../../kernel/json-elements.ts";
import { foundInEntry, type HarSession } from "./har-messages-entry.ts";

/** How a document begins, and the member of each message, as it stands in a text of it. */
const beginning =
  /^\uFEFF?\s*\{\s*"log"\s*:\s*\{\s*"(?:version|creator|browser|pages|entries|comment|_\w{1,40})"\s*:/;
const mention = /\\"jsonrpc\\"/;

function foundIn(element: JsonElement, session: HarSession): readonly Found[] {
  const { number } = element;
  const unread = (why: string): readonly Found[] => [{ kind: "unread", line: number, why }];
  if ("why" in element) return unread(element.isElement ? `entry ${number}: ${element.why}` : element.why);
  let entry: unknown;
  try {
    entry = JSON.parse(element.text);
  } catch {
    return unread(`entry ${number}: it is not JSON`);
  }
  return foundInEntry(number, entry, session);
}

/** The source. @param maxCharacters of an entry; left out: the usual */
export function harOfMessages(maxCharacters?: number): ActSource {
  async function* read(pieces: AsyncIterable<string>): AsyncGenerator<Found> {
    const session: HarSession = { client: "" };
    const elements = new JsonElements(["log", "entries"], maxCharacters);
    let isFirst = true;
    for await (const piece of pieces) {
      const text = isFirst && piece.startsWith("\uFEFF") ? piece.slice(1) : piece;
      isFirst &&= piece === "";
      for (const each of elements.take(text)) yield* foundIn(each, session);
    }
    for (const each of elements.end()) yield* foundIn(each, session);
  }
  return {
    format: "mcp-har",
    recognizes: (start) => beginning.test(start) && mention.test(start),
    read,
  };
}

/**
 * HAR 1.2 of a client that speaks MCP over HTTP: messages are the bodies of its POSTs, and their answers those of the responses,
 * by themselves or as events. Where answers come over another request, as in HTTP+SSE, every message counts as one that worked.
 */
export const mcpHar: ActSource = harOfMessages();
