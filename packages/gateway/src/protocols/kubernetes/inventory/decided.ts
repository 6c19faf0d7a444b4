import { togetherBy } from "./candidate.ts";
import { commandsOf } from "./commands.ts";
import type { Item, Left } from "./items.ts";
import { reasonAgainst } from "./reasons.ts";

/** Requests against which nothing speaks. @param left gets the others */
export function decided(items: readonly Item[], minSeen: number, left: Left[]): readonly Item[] {
  return togetherBy(items, aboutOf).flatMap((alike) => {
    const times = alike.reduce((sum, { seen }) => sum + seen.times, 0);
    return alike.filter((item) => {
      const reason = reasonAgainst(item.need);
      if (reason !== undefined) left.push(leftFor(reason, item));
      else if (times < minSeen)
        left.push(
          leftFor(`each kind of request was seen fewer than ${minSeen} times`, item, { isHarmless: true }),
        );
      return reason === undefined && times >= minSeen;
    });
  });
}

/** What a request is about: names vary, and so do arguments. */
function aboutOf({ need }: Item): readonly unknown[] {
  if (need.kind === "object") return [need.what, need.verb, need.namespace];
  return need.kind === "command"
    ? [need.namespace, need.pod, need.argv[0]]
    : [need.namespace, need.pod, need.port];
}

/** What speaks against a command itself goes before what speaks against its place, and nobody may be shown some of them. */
function leftFor(reason: string, { seen, need }: Item, more: Pick<Left, "isHarmless"> = {}): Left {
  const apart = need.kind === "command" ? commandsOf([{ argv: need.argv, of: need }]).apart[0] : undefined;
  if (apart === undefined) return { reason, seen, need, ...more };
  return apart.pattern === undefined
    ? { reason: apart.reason, seen }
    : { reason: apart.reason, seen, need, command: apart.pattern };
}
