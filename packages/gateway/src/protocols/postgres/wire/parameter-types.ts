import type { Bound } from "../act.ts";
import { passedTypes } from "../guard/deaf/list.ts";
import type { Denial } from "../../../gate/protocol.ts";

/**
 * Types that a client may declare for a parameter in Parse, by OID (pg_type.dat): those that the guard permits in
 * casts, and arrays of them. All others are refused, since a declared type needs no cast: a table's row type names
 * the table's columns (`SELECT ($1).*`), and types such as regclass, regtype and aclitem look names up, both ways.
 */
const parameterTypes: ReadonlySet<number> = new Set([
  // Left to the server: 0, and `unknown`, which it takes for the same.
  0, 705, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 30, 114, 142, 600, 601, 602, 603, 604, 628, 650,
  700, 701, 718, 774, 790, 829, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562, 1700, 2950,
  2970, 5038, 3220, 3614, 3615, 3802, 3904, 3906, 3908, 3910, 3912, 3926, 4072, 4451, 4532, 4533, 4534, 4535,
  4536, 5069,
  // Arrays.
  143, 199, 271, 629, 651, 719, 775, 791, 1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1010, 1011, 1012,
  1013, 1014, 1015, 1016, 1017, 1018, 1019, 1020, 1021, 1022, 1027, 1028, 1040, 1041, 1115, 1182, 1183, 1185,
  1187, 1231, 1270, 1561, 1563, 2949, 2951, 3221, 3643, 3645, 3807, 3905, 3907, 3909, 3911, 3913, 3927, 4073,
  5039, 6150, 6151, 6152, 6153, 6155, 6157,
]);

/** Whether a client may declare a parameter as that. */
export function isParameterType(oid: number): boolean {
  return parameterTypes.has(oid);
}

/** Types whose values PostgreSQL reads or compares in a time that grows with the square of what is passed, by OID; and arrays of them. */
const slowTypes: ReadonlyMap<number, string> = new Map([
  [142, "xml"],
  [143, "xml"],
  [3615, "tsquery"],
  [3645, "tsquery"],
  [602, "path"],
  [604, "polygon"],
  [1019, "path"],
  [1027, "polygon"],
  [4072, "jsonpath"],
  [4073, "jsonpath"],
]);

/** How long a value of a type may be that is passed; undefined: as long as any. */
export function boundOfType(oid: number): Bound | undefined {
  return passedTypes.get(slowTypes.get(oid) ?? "");
}

/** The first OID that a database gives to what is made in it (transam.h, FirstNormalObjectId). */
const FIRST_OWN_OID = 16_384;

/**
 * The denial of a parameter that a client declares as another type.
 * @param rule the guard's rule for what it could not read, for the name of the operation in it
 */
export function typeDenial(oid: number, rule = "protocol"): Denial {
  return {
    rule: rule.replace(/: .*/, ": types"),
    message: `a parameter declared as the type with OID ${oid} is not granted`,
    remedy: "correct",
    hint:
      oid < FIRST_OWN_OID
        ? "declare the parameter as text, or leave its type to the server (OID 0)"
        : "leave the parameter's type to the server (OID 0), and cast it in the statement: $1::schema.type, if the operation lists that type",
  };
}
