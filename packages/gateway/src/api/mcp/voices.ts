import type { Remedy } from "../../gate/protocol.ts";
import { MayflyError } from "../../kernel/errors.ts";

/**
 * A refusal by the gateway, known by where it came from and never by what it says: of a door over HTTP by its header, of
 * PostgreSQL by the routine of the error.
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

/** What a system behind the gateway said in place of a result. Its words are data: nothing here reads them. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly said: Readonly<Record<string, unknown>>;

  constructor(said: Readonly<Record<string, unknown>>) {
    super("the system behind the gateway answered with an error");
    this.said = said;
  }
}

/** A tool's error in MCP's form. */
export interface ErrorResult {
  [member: string]: unknown;
  readonly content: { type: "text"; text: string }[];
  readonly structuredContent?: Record<string, unknown>;
  readonly isError: true;
}

/** An error of Mayfly's own as a model reads it (MCP, "Tools: Error Handling"): what happened, and what to do. */
export function ownError(error: MayflyError): ErrorResult {
  const hint = error.hint === undefined ? "" : `\nWhat to do: ${error.hint}`;
  return { content: [{ type: "text", text: `${error.code}: ${error.message}${hint}` }], isError: true };
}

/**
 * An error of the system behind the gateway. JSON in one member, so that no text of its can end the quotation and go on
 * in Mayfly's voice.
 */
export function upstreamError(error: UpstreamError): ErrorResult {
  const quoted = { upstream_error: error.said };
  return {
    content: [{ type: "text", text: JSON.stringify(quoted) }],
    structuredContent: quoted,
    isError: true,
  };
}
