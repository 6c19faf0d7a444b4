/** Rows that a command tag counts: `INSERT 0 5`, `SELECT 3`. */
export function rowsOf(tag: string): number | undefined {
  const digits = tag.slice(tag.lastIndexOf(" ") + 1);
  return digits.length > 0 && digits.length < tag.length && digits.length < 16 && isDigits(digits)
    ? Number(digits)
    : undefined;
}

function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
