const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Decodes base64 in its one canonical form, white space aside (RFC 2045, section 6.8; XML Schema's base64Binary).
 * @returns undefined when it is anything else
 */
export function strictBase64(text: string): Buffer | undefined {
  const line = text.replaceAll(/[ \t\r\n]/g, "");
  if (line === "" || !base64.test(line)) return undefined;
  const bytes = Buffer.from(line, "base64");
  // The last character can hold bits that decoding drops.
  return bytes.toString("base64") === line ? bytes : undefined;
}
