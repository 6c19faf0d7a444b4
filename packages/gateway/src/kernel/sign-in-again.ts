import { MayflyError } from "./errors.ts";

/**
 * The person must prove who they are again before the request is carried out (RFC 9470). Nothing was done. The API adds
 * where to sign in.
 */
export class SignInAgain extends MayflyError {
  /** How long ago the new proof may be, milliseconds; left out where any sign-in will do. */
  readonly maxAge: number | undefined;

  constructor(message: string, more: { readonly maxAge?: number; readonly hint?: string } = {}) {
    super("sign_in_again", message, {
      status: 401,
      hint:
        more.hint ??
        (more.maxAge === undefined
          ? "sign in again: the console asks by itself; otherwise: mayfly login"
          : "prove who you are again: the console asks by itself; otherwise: mayfly login --fresh"),
    });
    this.maxAge = more.maxAge;
  }
}
