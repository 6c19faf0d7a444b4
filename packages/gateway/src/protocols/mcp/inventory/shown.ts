import { escapeInvisible } from "../../../kernel/invisible-characters.ts";
import { needOf } from "./need.ts";
import { readMessage } from "../../../gate/web/mcp/message.ts";
import { folderOf } from "./resources.ts";
import { shownName } from "./words-of-names.ts";

/** The longest line, in characters. */
const MAX_SHOWN = 200;

const namesOf = (given: object): string => [...new Set(Object.keys(given).map(shownName))].join(", ");

/** A message for people to read, without its values: `get_order(id)`. */
export function shownCall(act: string): string {
  const need = needOf(act);
  return escapeInvisible(wordsFor(need, act).replaceAll(/[\r\n\t]/gu, " ")).slice(0, MAX_SHOWN);
}

function wordsFor(need: ReturnType<typeof needOf>, act: string): string {
  if (need.kind === "tool") return `${need.name}(${namesOf(need.given)})`;
  if (need.kind === "resource") return `read ${folderOf(need.uri)}…`;
  if (need.kind === "prompt") return `prompt ${need.name}(${namesOf(need.given)})`;
  const message = readMessage(Buffer.from(act));
  if ("why" in message) return "a message that cannot be read";
  const { method, params } = message;
  const { name } = params;
  // What has no name that a configuration can say is shown by what of it anybody can read.
  return method === "tools/call" && typeof name === "string"
    ? `${method} ${JSON.stringify(name.slice(0, 60).replaceAll(/[^\x20-\x7e]/gu, "?"))}`
    : method;
}
