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
  const bound = await outcomeOf(act, documentOf(each, "narrow"));
  const free = await outcomeOf(act, documentOf(each, "wide"));
  if (!refused.test(bound)) return `is not refused with it for that rule: ${bound}`;
  if (refused.test(free) || !passes.test(free)) return `does not pass without it: ${free}`;
  return undefined;
}
