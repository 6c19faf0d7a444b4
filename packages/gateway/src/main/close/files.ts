import type { ClosingFile, MissingFile } from "../../gate/direct-paths.ts";
import { yamlText } from "../yaml-text.ts";
import { agentPolicy, targetPolicy } from "./network-policy.ts";
import { agentFirewall, targetFirewall } from "./nftables.ts";
import type { Place } from "./place.ts";
import { agentUnit } from "./unit.ts";

/** A file as it is printed. */
export interface PrintedFile extends Omit<ClosingFile, "content"> {
  readonly content: string;
}

/** All that closes ways around the gateway to one connection's target. */
export interface Closing {
  readonly connection: string;
  /** Where the target is, for people. */
  readonly target: string;
  readonly files: readonly PrintedFile[];
  readonly missing: readonly MissingFile[];
  readonly byHand: readonly string[];
}

function textOf(content: ClosingFile["content"]): string {
  if (typeof content === "string") return content;
  return content
    .map((object) => yamlText(object, { lineWidth: 0, flowCollectionPadding: false }, "flow"))
    .join("---\n");
}

/** Puts the target's side first: it holds whatever an agent's host is. */
export function closingOf(place: Place, target: string): Closing {
  const { connection, paths } = place;
  const all = [
    ...paths.files,
    targetFirewall(place),
    targetPolicy(place),
    agentFirewall(place),
    ...(paths.endpoints.length === 0 ? [] : [agentUnit(place), agentPolicy(place)]),
  ].filter((each) => each !== undefined);
  const files = all.flatMap((each): PrintedFile[] => {
    if ("why" in each) return [];
    const saved = `${connection}.${each.name}`;
    const named = (lines: readonly string[]): string[] => lines.map((line) => line.replaceAll("FILE", saved));
    return [
      {
        ...each,
        content: textOf(each.content),
        apply: named(each.apply),
        check: named(each.check),
        takeBack: named(each.takeBack),
      },
    ];
  });
  return {
    connection,
    target,
    files,
    missing: all.filter((each) => "why" in each),
    byHand: paths.byHand,
  };
}
