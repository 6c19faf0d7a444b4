import type { UpstreamError } from "../../gate/tools/errors.ts";
import type { MayflyError } from "../../kernel/errors.ts";

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
