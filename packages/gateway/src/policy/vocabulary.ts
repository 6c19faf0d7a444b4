/**
 * What a condition may be made of: Cedar's operators by their names in its JSON syntax. A word that is not here is
 * refused, whatever Cedar would make of it, so that each has been seen to refuse something.
 * @see https://docs.cedarpolicy.com/policies/json-format.html
 */
export const operators: ReadonlySet<string> = new Set([
  "Value",
  "Var",
  "Set",
  "Record",
  ".",
  "has",
  "like",
  "is",
  "in",
  "if-then-else",
  "!",
  "&&",
  "||",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "+",
  "-",
  "*",
  "neg",
  "contains",
  "containsAll",
  "containsAny",
  "isEmpty",
]);

/** Functions of Cedar's extensions: those on addresses, the only facts that are not of Cedar's own types. */
export const functions: ReadonlySet<string> = new Set([
  "ip",
  "isIpv4",
  "isIpv6",
  "isLoopback",
  "isMulticast",
  "isInRange",
]);
