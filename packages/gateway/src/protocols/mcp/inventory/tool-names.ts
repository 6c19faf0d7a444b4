import { singular } from "../../../gate/inventory/singular.ts";
import type { Given } from "./need.ts";
import { actsOf, isVerb, kindOfWords } from "./tool-kinds.ts";
import { wordsOf } from "./words-of-names.ts";

/** What a tool is about: its name without the verb. */
export const thingOf = (tool: string): readonly string[] => wordsOf(tool).filter((word) => !isVerb(word));

/** What tools that read have in common which may be in one operation. */
export function aboutOf(tool: string): string {
  const thing = thingOf(tool);
  return `read ${thing.length > 0 ? thing.map(singular).join(" ") : tool}`;
}

/** What is done, for people: `list orders`, `create order`, `close issue`. @param given of one of the calls */
export function doingOf(tool: string, given: Given): string {
  const thing = thingOf(tool);
  const [act, ...more] = actsOf(given);
  return (
    act === undefined || more.length > 0 || kindOfWords(act) === undefined
      ? wordsOf(tool)
      : [...wordsOf(act).slice(0, 3), ...thing]
  ).join(" ");
}
