import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { type Left, rare, type Unit } from "./unit.ts";

/** A prompt that was got. */
export interface PromptUse {
  readonly seen: SeenActs;
  readonly name: string;
}

/** What covers prompts: they do nothing at the server, and their arguments are not limited. @param left gets those that are rare */
export function promptUnits(uses: readonly PromptUse[], minSeen: number, left: Left[]): readonly Unit[] {
  return [...Map.groupBy(uses, ({ name }) => name)].flatMap(([name, all]) => {
    const acts = all.map(({ seen }) => seen);
    if (acts.reduce((sum, { times }) => sum + times, 0) < minSeen) {
      left.push(...acts.map((seen) => rare(minSeen, { seen })));
      return [];
    }
    const unit: Unit = {
      about: "prompts",
      words: "get prompts",
      together: "get prompts",
      risk: "low",
      scope: { prompts: [name] },
      acts,
      parts: acts.map((seen) => ({ key: name, words: name, seen })),
      anyText: [],
    };
    return [unit];
  });
}
