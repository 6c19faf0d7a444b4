import type { Denial } from "../../gate/protocol.ts";

/**
 * Types whose input looks a name up (manual, "Object Identifier Types"), by OID. In SQL the guard refuses a cast to
 * them; a Parse could declare a parameter as one all the same.
 */
export const nameTypes: ReadonlyMap<number, string> = new Map([
  [24, "regproc"],
  [2202, "regprocedure"],
  [2203, "regoper"],
  [2204, "regoperator"],
  [2205, "regclass"],
  [2206, "regtype"],
  [3734, "regconfig"],
  [3769, "regdictionary"],
  [4089, "regnamespace"],
  [4096, "regrole"],
  [4191, "regcollation"],
]);

/**
 * The denial of a parameter that a client declares as one of these types.
 * @param rule the guard's rule for what it could not read, for the name of the operation in it
 */
export function typeDenial(oid: number, rule = "protocol"): Denial {
  return {
    rule: rule.replace(/: .*/, ": types"),
    message: `a parameter of type ${nameTypes.get(oid)} looks a name up in the catalogue, which is not granted`,
    remedy: "correct",
    hint: "declare the parameter as text or oid, or leave its type to the server",
  };
}
