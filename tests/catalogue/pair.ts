import type { Configuration } from "../../packages/gateway/src/configuration/types.ts";
import { compareConfigurations } from "../../packages/gateway/src/main/diff/compare.ts";
import type { FindingKind } from "../../packages/gateway/src/main/diff/finding.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";
import { outcomeOf, put, type Case, type Document } from "./case.ts";
import { usual } from "./document.ts";
import { membersChanged, type Schema } from "./members.ts";

/** The document of a case, with its member as said. */
function documentOf(each: Case, half: "narrow" | "wide"): Document {
  const document = usual();
  each.base?.(document, half);
  put(document, each.at, each[half]);
  return document;
}

/** The members that a case is about. */
export function membersOfCase(each: Case, schema: Schema): ReadonlySet<string> {
  return membersChanged(
    schema,
    documentOf(each, each.narrow === undefined ? "wide" : "narrow"),
    each.at,
    each.narrow,
    each.wide,
  );
}

/** Runs both halves of a case. @returns what is wrong with it; undefined when its member alone decides its act */
export async function problemOf(each: Case): Promise<string | undefined> {
  const { refused, passes = /^passed$/, act } = each;
  let before: Configuration | undefined;
  let after: Configuration | undefined;
  const bound = await outcomeOf(act, documentOf(each, "narrow"), (read) => (before = read));
  const free = await outcomeOf(act, documentOf(each, "wide"), (read) => (after = read));
  if (!refused.test(bound)) return `is not refused with it for that rule: ${bound}`;
  if (refused.test(free) || !passes.test(free)) return `does not pass without it: ${free}`;
  return before === undefined || after === undefined ? undefined : unseen(each, before, after);
}

/** `mayflyd diff` says that the half which lets its act through is wider, and that the other one is narrower. */
function unseen({ at }: Case, before: Configuration, after: Configuration): string | undefined {
  const said = (one: Configuration, other: Configuration): ReadonlySet<FindingKind> =>
    new Set(compareConfigurations(one, other, protocols).map(({ kind }) => kind));
  const [forth, back] = [said(before, after), said(after, before)];
  const isCertain = at[0] === "policies" || at.includes("operations");
  const isReach = isCertain || at[0] === "identity" || (at[0] === "connections" && at.length > 2);
  const isSeen = isCertain
    ? forth.has("wider") && back.has("narrower")
    : isReach
      ? forth.has("wider") || forth.has("unclear")
      : forth.size > 0;
  return isSeen
    ? undefined
    : `is not seen by mayflyd diff: ${[...forth].join()}, and back: ${[...back].join()}`;
}
