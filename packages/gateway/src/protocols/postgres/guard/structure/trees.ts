/** Members of a parse tree that tell where something stands in the text, and nothing else. */
const PLACES: ReadonlySet<string> = new Set([
  "location",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
  "name_location",
]);

/** Whether two parse trees are the same but for where things stand in their texts. */
export function areSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((each, index) => areSame(each, (other as unknown[])[index]))
    );
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const names = Object.keys(left).filter((name) => !PLACES.has(name));
  return (
    names.length === Object.keys(right).filter((name) => !PLACES.has(name)).length &&
    names.every((name) => Object.hasOwn(right, name) && areSame(left[name], right[name]))
  );
}

/** A copy of a parse tree in which some objects are replaced. @param instead what stands for an object, undefined: itself */
export function replaced(tree: unknown, instead: (node: object) => unknown): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((each) => replaced(each, instead));
  const other = instead(tree);
  if (other !== undefined) return other;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(tree)) copy[name] = replaced(value, instead);
  return copy;
}
