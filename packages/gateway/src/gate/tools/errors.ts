import { MayflyError } from "../../kernel/errors.ts";
import type { Remedy } from "../protocol.ts";

/**
 * A refusal by the gateway. It is told by its origin and never by its text: over HTTP by its header, from PostgreSQL by
 * the routine of the error.
 */
export class GatewayRefusal extends MayflyError {
  override readonly name = "GatewayRefusal";
  readonly remedy: Remedy | undefined;

  constructor(
    code: string,
    message: string,
    more: { readonly status: number; readonly hint?: string; readonly remedy?: Remedy | undefined },
  ) {
    const { hint, status } = more;
    super(code, message, { status, ...(hint === undefined ? {} : { hint }) });
    this.remedy = more.remedy;
  }
}

/** An error of the system behind the gateway. Its text is data: nothing here reads it. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly said: Readonly<Record<string, unknown>>;

  constructor(said: Readonly<Record<string, unknown>>) {
    super("the system behind the gateway answered with an error");
    this.said = said;
  }
}
