import { isDataName } from "../../../gate/inventory/value-shape-names.ts";

/** The words of a name, in lower case: `listOpenIssues`, `list_open_issues`, `issues.list-open`. */
export const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/gu, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/u)
    .filter((word) => word !== "");

/** A name of an argument, without what may be somebody's value. */
export const shownName = (name: string): string => (name === "" || isDataName(name) ? "…" : name);
