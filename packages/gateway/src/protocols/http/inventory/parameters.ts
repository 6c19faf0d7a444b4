import { type Form, formOf } from "./forms.ts";
import type { SeenRequest } from "./request.ts";

/** Forms that one parameter may have; what has more is like nothing. */
const MAX_FORMS = 3;
/** What takes any value that one line holds. */
const ANY = ".*";

/** Which parameters requests had, as a scope writes it: names, with patterns where all values of one have a form. */
export type QueryDraft = readonly string[] | Readonly<Record<string, string>>;

/** A pattern that takes all values and what has their forms; undefined: they have too many, or none. */
export function patternOfAll(values: Iterable<string>): string | undefined {
  const forms = new Map<string, Form>();
  for (const value of values) {
    const form = formOf(value);
    if (form === undefined || forms.size > MAX_FORMS) return undefined;
    forms.set(form.name, form);
  }
  return forms.size > MAX_FORMS ? undefined : [...forms.values()].map(({ pattern }) => pattern).join("|");
}

/** The parameters of requests, by their names. */
export function queryOf(requests: readonly Pick<SeenRequest, "parameters">[]): QueryDraft {
  const all = Map.groupBy(
    requests.flatMap(({ parameters }) => parameters),
    ({ name }) => name,
  );
  const patterns = [...all]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, values]): [string, string] => [name, patternOfAll(values.map(({ value }) => value)) ?? ANY]);
  return patterns.every(([, pattern]) => pattern === ANY)
    ? patterns.map(([name]) => name)
    : Object.fromEntries(patterns);
}

/** The names of parameters that a draft takes. */
export const namesOf = (query: QueryDraft): readonly string[] =>
  Array.isArray(query) ? (query as readonly string[]) : Object.keys(query);
