import { MayflyError } from "../../kernel/errors.ts";
import { alternatives } from "./asking.ts";
import type { WebResult } from "./doors.ts";
import type { ToolCall } from "./tool.ts";

/** How much of an answer comes back at most, bytes. */
export const mostBytes = 262_144;

/** Whether a media type is text that a model can read. */
const readable = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-www-form-urlencoded|javascript))/i;

/** An answer's body: JSON as itself, text as text, everything else in base 64. */
export function bodyOf({ headers, body, cut }: WebResult): Readonly<Record<string, unknown>> {
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

/** UTF-8 as text; of a body that was cut, without what its last character lacks. */
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

/** The gateway's own refusal in an answer (a problem of ours, or a Status), as an error with what to ask for. */
export function refusalIn(result: WebResult, call: ToolCall, connection: string): MayflyError | undefined {
  if (result.status < 400) return undefined;
  const { body } = bodyOf(result);
  if (typeof body !== "object" || body === null) return undefined;
  const { type, code, detail, rule, hint, kind, message } = body as Readonly<Record<string, unknown>>;
  const ask = (): string => alternatives(call, connection);
  if (typeof type === "string" && type.startsWith("urn:mayfly:problem:") && typeof detail === "string") {
    const said = typeof rule === "string" ? `${detail} (${rule})` : detail;
    const wants = code === "denied" || code === "no_grant";
    return new MayflyError(String(code), said, {
      status: result.status,
      ...(wants ? { hint: ask() } : typeof hint === "string" ? { hint } : {}),
    });
  }
  if (kind !== "Status" || typeof message !== "string") return undefined;
  return new MayflyError(`status_${result.status}`, message, {
    status: result.status,
    ...(result.status === 403 ? { hint: ask() } : {}),
  });
}
