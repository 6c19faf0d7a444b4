/** What keeps a connection from coming about, for an operator to read, and what there is to do where that is known. */
interface Meaning {
  readonly words: string;
  /** Which of the settings is looked at: the CA that is trusted, or the name that the certificate must be for. */
  readonly remedy?: "ca" | "name";
}

const unknownCa: Meaning = {
  words: "its certificate comes from a CA that is not trusted here",
  remedy: "ca",
};

/** By the codes of Node.js ("Errors") and of OpenSSL (openssl-verify, "Diagnostics"; `X509_V_ERR_…` as Node.js writes them). */
const meanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { words: "nothing listens there" },
  ECONNRESET: { words: "it closed the connection" },
  ENOTFOUND: { words: "its name is not known (DNS)" },
  EAI_AGAIN: { words: "its name cannot be looked up now (DNS)" },
  EHOSTUNREACH: { words: "there is no route to it" },
  ENETUNREACH: { words: "there is no route to it" },
  ETIMEDOUT: { words: "it does not answer" },
  CERT_HAS_EXPIRED: { words: "its certificate has expired" },
  CERT_NOT_YET_VALID: { words: "its certificate is not valid yet" },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    words: "its certificate is signed by itself, and by no CA that is trusted here",
    remedy: "ca",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: { words: "its certificate is for another name", remedy: "name" },
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
};

/**
 * What a connection's error means, and its code; undefined where it has none that is known.
 * @param remedies what to do, where the settings of whoever asks have it
 */
export function connectionWords(
  error: unknown,
  remedies: Partial<Readonly<Record<"ca" | "name", string>>> = {},
): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const meaning = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (meaning === undefined) return undefined;
  const remedy = meaning.remedy === undefined ? undefined : remedies[meaning.remedy];
  return `${meaning.words} (${code})${remedy === undefined ? "" : `: ${remedy}`}`;
}
