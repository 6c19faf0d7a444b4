import { decodeUtf8 } from "../../kernel/strict-json.ts";
import { ApiProblem } from "./problems.ts";

/** The media type of an HTML form's body. */
export const formType = "application/x-www-form-urlencoded";

/** More fields than any form of ours or of a provider's has. */
const most = 50;

/** A form that was read: its text as it came, and its fields. */
export class ParsedForm {
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;

  constructor(text: string, fields: Readonly<Record<string, string>>) {
    this.text = text;
    this.fields = fields;
  }
}

/**
 * Reads a form (URL Standard, section 5.1), strictly: UTF-8, no field twice, no encoding that is cut short.
 * @throws ApiProblem malformed_form (400)
 */
export function parseForm(body: string | Buffer): ParsedForm {
  let text: string;
  try {
    text = typeof body === "string" ? body : decodeUtf8(body);
  } catch {
    throw malformed("it is not UTF-8");
  }
  const fields = new Map<string, string>();
  for (const pair of text === "" ? [] : text.split("&")) {
    const at = pair.indexOf("=");
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    if (fields.has(name)) throw malformed("a field stands twice");
    fields.set(name, at === -1 ? "" : decode(pair.slice(at + 1)));
    if (fields.size > most) throw malformed(`it has more than ${most} fields`);
  }
  return new ParsedForm(text, Object.fromEntries(fields));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformed("a percent encoding is not whole");
  }
}

function malformed(why: string): ApiProblem {
  return new ApiProblem("malformed_form", 400, `the form is malformed: ${why}`, `send ${formType}`);
}
