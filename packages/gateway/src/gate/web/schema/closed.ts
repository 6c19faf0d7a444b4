import { createReferences } from "./references.ts";

type Schema = Readonly<Record<string, unknown>>;

/** How many schemas are looked through: beyond them a schema counts as one that takes other members. */
const MAX_LOOKS = 1000;

/**
 * Whether what a schema takes holds no member at its top, or in the items of an array at its top, that the schema does not
 * list. What is not certain counts as no.
 * @param root a schema whose keywords and references are in order, parsed
 */
export function isClosed(root: unknown): boolean {
  const referred = createReferences(root);
  let looks = 0;
  const closed = (schema: unknown): boolean => {
    looks += 1;
    if (typeof schema !== "object" || schema === null || looks > MAX_LOOKS) return schema === false;
    const own = schema as Schema;
    const { const: constant, enum: values, type, $ref, allOf, anyOf, oneOf } = own;
    if (constant !== undefined || Array.isArray(values)) return true;
    const types: readonly unknown[] = Array.isArray(type) ? type : [type];
    const takes = (name: string): boolean => type === undefined || types.includes(name);
    if ((!takes("object") || listsMembers(own)) && (!takes("array") || listsItems(own))) return true;
    if ($ref !== undefined && closed(referred($ref))) return true;
    if (Array.isArray(allOf) && allOf.some(closed)) return true;
    return [anyOf, oneOf].some((each) => Array.isArray(each) && each.length > 0 && each.every(closed));
  };
  const listsItems = ({ items, prefixItems }: Schema): boolean =>
    closed(items) && (!Array.isArray(prefixItems) || prefixItems.every(closed));
  return closed(root);
}

/** Names that only match a pattern are not listed. */
function listsMembers({ additionalProperties, patternProperties, maxProperties }: Schema): boolean {
  return maxProperties === 0 || (additionalProperties === false && patternProperties === undefined);
}
