import type { Agent } from "@mayfly/sdk/browser";
import type { Step } from "../reach/scale.ts";

// How an agent's page reads. Pure.

/** An operation that it could ask for. */
export type Reached = Agent["reaches"][number];

/** What asking takes, in words and as a step of the Reach page's scale. */
export function wayWords({ way, approvals = 1 }: Reached): { readonly step: Step; readonly text: string } {
  switch (way) {
    case "at_once":
      return { step: "once", text: "at once" };
    case "approval":
      return {
        step: approvals > 1 ? "more" : "one",
        text: approvals > 1 ? `${approvals} people` : "one person",
      };
    case "emergency":
      return { step: "emergency", text: "emergency only" };
    case "not_now":
      return { step: "none", text: "not now" };
    default:
      return way satisfies never;
  }
}

/** "12 of 240 acts denied (5 %)"; what is not known is said to be. */
export function denialText({ acts, denied, granted }: Pick<Agent, "acts" | "denied" | "granted">): string {
  if (granted === 0) return "no grants yet";
  if (acts === undefined || denied === undefined) return "not known now";
  const all = acts + denied;
  if (all === 0) return "no acts yet";
  const share = (100 * denied) / all;
  const percent = denied > 0 && share < 1 ? "less than 1" : String(Math.round(share));
  return `${denied.toLocaleString("en")} of ${all.toLocaleString("en")} ${all === 1 ? "act" : "acts"} denied (${percent} %)`;
}

/** Its requests by what became of them: "10 approved, 2 refused". */
export function statesText(states: Agent["states"]): string {
  const words = [
    ["pending", "waiting"],
    ["approved", "approved"],
    ["refused", "refused"],
    ["denied", "denied by policy"],
    ["timed_out", "timed out"],
    ["withdrawn", "withdrawn"],
  ] as const;
  const parts = words.flatMap(([state, text]) => {
    const count = states[state] ?? 0;
    return count === 0 ? [] : [`${count} ${text}`];
  });
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** What it never used first last: by how often it was granted; among equals by name. */
export function byUse(reaches: readonly Reached[]): readonly Reached[] {
  return reaches.toSorted((a, b) => b.granted - a.granted || (a.name < b.name ? -1 : 1));
}
