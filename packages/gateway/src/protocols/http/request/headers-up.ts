import type { ForwardedHeaders } from "../act.ts";

/**
 * The headers that go upstream: what the request's operation lets through, as it came, and the gateway's own, which
 * nothing of the client's can stand beside.
 * @param own in lower case: the credential
 * @param more what the gateway adds for this request: the framing of the body, an upgrade; undefined: the client's is removed
 * @returns names and values in turn
 */
export function headersUp(
  forwarded: ForwardedHeaders,
  own: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string | undefined>>,
): string[] {
  const up: string[] = [];
  const { raw, names, values } = forwarded;
  for (const [at, name] of names.entries())
    if (!Object.hasOwn(own, name) && !Object.hasOwn(more, name)) up.push(raw[at] ?? "", values[at] ?? "");
  for (const name of Object.keys(own)) if (!Object.hasOwn(more, name)) up.push(name, own[name] ?? "");
  for (const name of Object.keys(more)) {
    const value = more[name];
    if (value !== undefined) up.push(name, value);
  }
  return up;
}
