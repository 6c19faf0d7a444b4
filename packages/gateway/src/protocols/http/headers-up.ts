import { fateOf } from "./headers.ts";

/**
 * The headers that go upstream: what the request's operation lets through, as it came, and the gateway's own, which
 * nothing of the client's can stand beside.
 * @param own in lower case: the credential
 * @param more what the gateway adds for this request: the framing of the body, an upgrade
 * @returns names and values in turn
 */
export function headersUp(
  raw: readonly string[],
  listed: readonly string[],
  own: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>>,
): string[] {
  const up: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    if (fateOf(name, listed) !== "forward" || Object.hasOwn(own, name) || Object.hasOwn(more, name)) continue;
    up.push(raw[i] ?? "", raw[i + 1] ?? "");
  }
  for (const [name, value] of Object.entries({ ...own, ...more })) up.push(name, value);
  return up;
}
