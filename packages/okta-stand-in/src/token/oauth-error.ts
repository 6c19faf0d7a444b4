/** An error answer of a token endpoint (RFC 6749, section 5.2), in Okta's words. */
export class OAuthError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  /** @param words Okta's `error_description`; an empty text leaves it out, as Okta does for an agent not activated */
  constructor(code: string, words: string, status = 400, headers: Record<string, string> = {}) {
    super(words);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }

  body(): Record<string, string> {
    return this.message === "" ? { error: this.code } : { error: this.code, error_description: this.message };
  }
}
