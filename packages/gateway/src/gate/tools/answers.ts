import * as z from "zod";
import { OWN_PROBLEM, OWN_REMEDY } from "../web/problem.ts";
import { GatewayRefusal, UpstreamError } from "./errors.ts";
import type { LoopbackAnswer } from "./loopback.ts";
import type { ToolCall } from "./tool.ts";

/** The largest answer that is returned. */
export const MAX_ANSWER_BYTES = 262_144;

/** Whether a media type is text that a model can read. */
const readable = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-www-form-urlencoded|javascript))/i;

/** An answer's body: JSON as itself, text as text, everything else in base 64. */
export function bodyOf({ headers, body, cut }: LoopbackAnswer): Readonly<Record<string, unknown>> {
  const type = headers["content-type"] ?? "";
  const text = utf8(body, cut);
  if (body.length === 0) return {};
  if (text === undefined || !readable.test(type)) return { body_base64: body.toString("base64") };
  if (/json/i.test(type) && !cut) {
    try {
      return { body: JSON.parse(text) as unknown };
    } catch {
      return { body: text };
    }
  }
  return { body: text };
}

/** Decodes UTF-8; a body that was cut loses its incomplete last character. */
function utf8(body: Buffer, cut: boolean): string | undefined {
  for (let less = 0; less <= (cut ? 3 : 0); less += 1) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, body.length - less));
    } catch {
      // One byte less, where the cut may have gone through a character.
    }
  }
  return undefined;
}

/** A Status or a problem of the gateway's own, as far as it is read. */
const ownBody = z.object({
  /** Of a problem (RFC 9457). */
  detail: z.string().optional(),
  rule: z.string().optional(),
  hint: z.string().optional(),
  /** Of a Status. */
  message: z.string().optional(),
});
const remedies = z.enum(["correct", "ask", "never", "operator", "retry"]).optional().catch(undefined);

/** The gateway's own refusal in an answer, with what to ask for. Undefined for what the system behind it answered. */
export function refusalIn(
  result: LoopbackAnswer,
  call: Pick<ToolCall, "alternatives">,
  connection: string,
): GatewayRefusal | undefined {
  const code = result.headers[OWN_PROBLEM];
  if (code === undefined) return undefined;
  const parsed = ownBody.safeParse(bodyOf(result)["body"]);
  const { detail, rule, hint, message } = parsed.success ? parsed.data : {};
  const said = detail ?? message ?? "refused";
  const remedy = remedies.parse(result.headers[OWN_REMEDY]);
  return helped(
    new GatewayRefusal(code, rule === undefined ? said : `${said} (${rule})`, {
      status: result.status,
      remedy,
      ...(hint === undefined ? {} : { hint }),
    }),
    call,
    connection,
  );
}

/** Adds to a refusal which tool to call, where asking can help. */
export function helped(
  error: GatewayRefusal,
  call: Pick<ToolCall, "alternatives">,
  connection: string,
  has: readonly string[] = [],
): GatewayRefusal {
  if (error.remedy !== "ask") return error;
  const ask = call.alternatives(connection, has);
  return new GatewayRefusal(error.code, error.message, {
    status: error.status,
    remedy: error.remedy,
    hint: error.hint === undefined ? ask : `${error.hint}. With these tools: ${ask}`,
  });
}

/** An upstream answer that is not a result. */
export function upstreamErrorOf(result: LoopbackAnswer): UpstreamError {
  return new UpstreamError({
    status: result.status,
    ...bodyOf(result),
    ...(result.cut ? { truncated: true } : {}),
  });
}
