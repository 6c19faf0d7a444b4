import { decodeUtf8, parseStrictJson } from "../../../kernel/strict-json.ts";
import { SignalRefused } from "../signal-refused.ts";
import type { SignalSubject } from "../signal.ts";
import { readSubject } from "../subject-identifier.ts";

/** Maximum size of a body, bytes: a subject identifier has about 100. */
export const MAX_REVOCATION_BYTES = 8_192;

/** Nesting: an object with the subject identifier in it. */
const MAX_DEPTH = 4;

/**
 * Reads the subject of a revocation from its body. The one member is `sub_id`; older pages of Okta's call it `subject`.
 * @param issuers the issuers under which the sender may name somebody
 * @throws SignalRefused malformed or subject
 */
export function readRevocationBody(bytes: Buffer, issuers: readonly string[]): SignalSubject {
  const body = parse(bytes);
  const names = typeof body === "object" && body !== null && !Array.isArray(body) ? Object.keys(body) : [];
  const [name, ...others] = names;
  if ((name !== "sub_id" && name !== "subject") || others.length > 0)
    throw new SignalRefused(
      "malformed",
      "the body is no JSON object with sub_id alone",
      'send {"sub_id":{"format":"iss_sub","iss":…,"sub":…}}',
    );
  return readSubject((body as Readonly<Record<string, unknown>>)[name], issuers);
}

function parse(bytes: Buffer): unknown {
  if (bytes.length > MAX_REVOCATION_BYTES)
    throw new SignalRefused("malformed", `the body is longer than ${MAX_REVOCATION_BYTES} bytes`);
  try {
    return parseStrictJson(decodeUtf8(bytes), MAX_DEPTH);
  } catch {
    throw new SignalRefused("malformed", "the body is not unambiguous JSON in UTF-8");
  }
}
