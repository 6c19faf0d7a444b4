import { createHash } from "node:crypto";
import { likenessOfArguments } from "./calls.ts";
import { needOf } from "./need.ts";
import { shownCall } from "./shown.ts";

/** The longest likeness that is kept as it is, in characters. */
const MAX_KEPT = 1000;

/** What stands for all messages that need the same: what their arguments look like, and what they say where that chooses something. */
export function likenessOf(act: string): string {
  const need = needOf(act);
  return bounded(JSON.stringify(keyOf(need, act)));
}

function keyOf(need: ReturnType<typeof needOf>, act: string): readonly unknown[] {
  if (need.kind === "tool") return ["tool", need.name, ...likenessOfArguments(need.name, need.given)];
  if (need.kind === "resource") return ["resource", need.uri];
  if (need.kind === "prompt") return ["prompt", need.name];
  return [need.kind, shownCall(act), need.kind === "never" ? need.why : ""];
}

const bounded = (text: string): string =>
  text.length <= MAX_KEPT ? text : createHash("sha256").update(text).digest("base64");
