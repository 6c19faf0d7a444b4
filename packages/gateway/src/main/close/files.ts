import { type ClosingFile, type MissingFile, savedAs } from "../../gate/direct-paths.ts";
import { yamlText } from "../yaml-text.ts";
import { agentPolicy, targetPolicy } from "./network-policy.ts";
import { agentFirewall, targetFirewall } from "./nftables.ts";
import type { Place } from "./place.ts";
import { agentUnit } from "./unit.ts";

/** A file as it is printed. */
export interface PrintedFile extends Omit<ClosingFile, "content"> {
  readonly content: string;
  /** The name that the commands know it by, once it is saved. */
  readonly saved: string;
}

/** All that closes ways around the gateway to one connection's target. */
export interface Closing {
  readonly connection: string;
  /** Where the target is, for people. */
  readonly target: string;
  /** The way through the gateway, as an agent types it. */
  readonly through: string;
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
export function closingOf(place: Place, target: string, through: string): Closing {
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
    return [
      {
        ...each,
        content: textOf(each.content),
        saved: savedAs(connection, each.name),
      },
    ];
  });
  return {
    connection,
    target,
    through,
    files,
    missing: all.filter((each) => "why" in each),
    byHand: paths.byHand,
  };
}
