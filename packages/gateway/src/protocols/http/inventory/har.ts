import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { JsonElements, type JsonElement } from "../../../kernel/json-elements.ts";
import { foundInEntry } from "./har-entry.ts";

/** How a document begins: a line of a log that is JSON may have a `log` too, but there it is a text. */
const beginning =
  /^\s*\{\s*"log"\s*:\s*\{\s*"(?:version|creator|browser|pages|entries|comment|_\w{1,40})"\s*:/;
/** What one of the members of `log` is: in a text its quotes would be escaped. */
const member = /"version"\s*:\s*"1\.\d"|"creator"\s*:\s*\{|"entries"\s*:\s*\[/;

function foundIn(element: JsonElement): Found | undefined {
  const { number } = element;
  if ("why" in element) {
    const why = element.isElement ? `entry ${number}: ${element.why}` : element.why;
    return { kind: "unread", line: number, why };
  }
  let entry: unknown;
  try {
    entry = JSON.parse(element.text);
  } catch {
    return { kind: "unread", line: number, why: `entry ${number}: it is not JSON` };
  }
  const found = foundInEntry(number, entry);
  return found?.kind === "unread" ? { ...found, why: `entry ${number}: ${found.why}` } : found;
}

async function* read(pieces: AsyncIterable<string>): AsyncGenerator<Found> {
  const elements = new JsonElements(["log", "entries"]);
  for await (const piece of pieces)
    for (const each of elements.take(piece)) {
      const found = foundIn(each);
      if (found !== undefined) yield found;
    }
  for (const each of elements.end()) {
    const found = foundIn(each);
    if (found !== undefined) yield found;
  }
}

/**
 * HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as the developer tools of browsers, mitmproxy, Charles, Fiddler,
 * Postman and Playwright write it: one JSON document of any size. The line of what cannot be read is the entry's number.
 */
export const harSource: ActSource = {
  format: "har",
  recognizes: (start) => beginning.test(start) && member.test(start),
  read,
};
