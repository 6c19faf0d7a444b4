/**
 * The token in a text as people paste it: in quotes, after `Bearer`, as a header's whole line, broken into lines, or within
 * the token endpoint's whole answer, whose access token is used.
 */
export function extractToken(text: string): string {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const answered = trimmed.startsWith("{") ? accessTokenOf(trimmed) : undefined;
  if (answered !== undefined) return answered;
  return trimmed
    .replace(/^["'`]+|["'`;,]+$/g, "")
    .replace(/^authorization\s*:\s*/i, "")
    .replace(/^(?:bearer|dpop)\s+/i, "")
    .replace(/^["'`]+/, "")
    .replaceAll(/\s+/g, "");
}

function accessTokenOf(json: string): string | undefined {
  try {
    const { access_token: token } = JSON.parse(json) as { readonly access_token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}
