/** What the name of a column says about what it holds. */
export type Sensitivity = "secret" | "personal";

const secret =
  /^(?:\w*(?:password|secret|token)s?|pass|pw|passwd|pwd|passphrase|apikey|credential|credentials|otp|totp|pin|cvv|cvc|ssn|iban|salt)$/u;
const personal =
  /^(?:email|mail|phone|mobile|fax|address|street|zip|postcode|birthday|birthdate|birth|dob|gender|sex|religion|ethnicity|nationality|passport|salary|wage|income|diagnosis|surname|lastname|firstname|fullname|latitude|longitude|ip)$/u;
const secretPairs =
  /(?:^| )(?:api|private|access|signing|encryption|license|ssh|session) keys?(?: |$)|card number|tax id|social security|recovery codes?/u;
const personalPairs = /(?:^| )(?:first|last|full|middle|maiden|given|family) name(?: |$)/u;

/** `apiKey`, `api_key`, `API-Key`: `api key` */
function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "")
    .join(" ");
}

/**
 * Guesses from a column's name whether it holds what somebody should decide about. It is a guess: a name that says nothing is
 * no proof.
 */
export function sensitivityOf(name: string): Sensitivity | undefined {
  const words = wordsOf(name);
  const each = words.split(" ");
  if (secretPairs.test(words) || each.some((word) => secret.test(word))) return "secret";
  if (personalPairs.test(words) || each.some((word) => personal.test(word))) return "personal";
  return undefined;
}
