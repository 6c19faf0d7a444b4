import * as z from "zod";
import { Secret, secretSchema } from "../../kernel/secret.ts";

const name = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/, "this is not a header's name");

/** The value of a header or variable: named as a secret is, or written where it is none. */
export const namedValueSchema = z.union(
  [secretSchema, z.string().regex(/^[\x20-\x7e]*$/, "printable ASCII")],
  {
    error: "write { env: NAME } or { file: PATH } for a secret, or the value itself where it is none",
  },
);

/** Headers that the gateway sets on every request to a target. */
export const targetHeadersSchema = z.record(name, namedValueSchema).default({});

/** Named values as a target has them. */
export type NamedValues = Record<string, string | Secret>;

/** Names whose value is always a credential, so that it is never written out. */
const credentials = /^(?:authorization|cookie|.*(?:token|secret|password|api-?key).*)$/i;
/** Headers that the gateway makes itself: what frames a message, and where it goes (RFC 9110, section 7). */
const own =
  /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*)$/i;

/** Says which names stand for a credential that is written out. */
export function refuseWritten(
  values: NamedValues,
  refuse: (name: string, why: string, hint: string) => void,
): void {
  for (const [given, value] of Object.entries(values))
    if (!(value instanceof Secret) && credentials.test(given))
      refuse(given, "a secret is named, never written", "write { env: NAME } or { file: PATH }");
}

/** Says which of a target's headers are the gateway's own, and which are a credential that is written out. */
export function refuseHeaders(
  headers: NamedValues,
  refuse: (name: string, why: string, hint: string) => void,
): void {
  for (const given of Object.keys(headers))
    if (own.test(given)) refuse(given, "the gateway makes this header itself", "remove it");
  refuseWritten(headers, refuse);
}
