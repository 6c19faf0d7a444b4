import { shapeKey, shapeOf } from "../../../gate/inventory/value-shape.ts";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { factsOf, leavesOf } from "./arguments.ts";
import type { Given } from "./need.ts";
import type { Kind } from "./tool-kinds.ts";

/** Calls of a tool that are alike. */
export interface Call {
  readonly seen: SeenActs;
  readonly tool: string;
  readonly kind: Kind;
  readonly given: Given;
}

/** What stands for arguments that are alike: what they look like, and what they say where that chooses something. */
export const likenessOfArguments = (tool: string, given: Given): readonly unknown[] => [
  shapeKey(shapeOf(given)),
  factsOf(tool, given),
];

/** The same, however long texts and lists are: what many calls share. */
export const needsOf = (tool: string, given: Given): string =>
  JSON.stringify([
    Object.keys(given).toSorted(),
    leavesOf(given)
      .map(({ path }) => path)
      .toSorted(),
    factsOf(tool, given),
  ]);
