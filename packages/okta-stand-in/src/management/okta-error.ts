/** An error answer of Okta's management API. */
export class OktaApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, summary: string, headers: Record<string, string> = {}) {
    super(summary);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  body(): Record<string, unknown> {
    const { code, message } = this;
    return {
      errorCode: code,
      errorSummary: message,
      errorLink: code,
      errorId: `oae${code}`,
      errorCauses: [],
    };
  }
}

/** 404, with the id and Okta's name of the kind of thing. */
export function notFound(id: string, kind: string): OktaApiError {
  return new OktaApiError(404, "E0000007", `Not found: Resource not found: ${id} (${kind})`);
}
