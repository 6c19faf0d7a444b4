import * as z from "zod";
import { isClaimName } from "../checks/names.ts";
import { SignalRefused } from "./signal-refused.ts";
import type { SignalSubject } from "./signal.ts";

/** Maximum length of an address, characters (RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.2). */
const MAX_EMAIL_CHARACTERS = 320;

const nameSchema = z.string().refine(isClaimName);

const email = z.strictObject({
  format: z.literal("email"),
  email: nameSchema.refine((text) => text.length <= MAX_EMAIL_CHARACTERS && /^[^@\s]+@[^@\s]+$/.test(text)),
});
const issuerAndSubject = z.strictObject({
  format: z.literal("iss_sub"),
  iss: nameSchema,
  sub: nameSchema,
});

/** The two formats of RFC 9493 (sections 3.2.2 and 3.2.3) that name a person. */
const simple = z.discriminatedUnion("format", [email, issuerAndSubject]);

/**
 * Reads the person whom a subject identifier names (RFC 9493).
 * @param issuers the issuers under which the sender may name somebody
 * @throws SignalRefused malformed for any other format, subject for another issuer
 */
export function readSubject(value: unknown, issuers: readonly string[]): SignalSubject {
  const result = simple.safeParse(value);
  if (!result.success)
    throw new SignalRefused(
      "malformed",
      "the subject identifier is of another format than email or iss_sub, or has other members",
      'send {"format":"iss_sub","iss":…,"sub":…} or {"format":"email","email":…}',
    );
  const subject = result.data;
  if (subject.format === "email") return { kind: "user", login: subject.email };
  if (!issuers.includes(subject.iss))
    throw new SignalRefused(
      "subject",
      "the subject is of an issuer that this sender may not speak of",
      `it may speak of ${issuers.join(", ")}; the issuer is compared exactly`,
    );
  return { kind: "user", uid: subject.sub };
}
