// What a reviewer had begun to decide before they had to sign in again, kept in this tab alone.

/** A decision that was not sent yet. */
export interface Draft {
  readonly decision: "approve" | "refuse";
  readonly comment: string;
  /** `connection/operation`; all that were asked for unless somebody took some away. */
  readonly operations: readonly string[];
  readonly seconds: number;
}

const key = (request: string): string => `mayfly-draft:${request}`;

/** Keeps a draft until the reviewer is back. */
export function keepDraft(request: string, draft: Draft): void {
  try {
    sessionStorage.setItem(key(request), JSON.stringify(draft));
  } catch {
    // Storage is switched off: the reviewer writes it once more.
  }
}

/** Takes the draft of a request, once. */
export function takeDraft(request: string): Draft | undefined {
  try {
    const text = sessionStorage.getItem(key(request));
    sessionStorage.removeItem(key(request));
    return text === null ? undefined : readDraft(text);
  } catch {
    return undefined;
  }
}

/** Reads a draft's text; anything but a draft is none. */
export function readDraft(text: string): Draft | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { decision, comment, operations, seconds } = value as Record<string, unknown>;
  if (decision !== "approve" && decision !== "refuse") return undefined;
  if (typeof comment !== "string" || typeof seconds !== "number" || !Array.isArray(operations))
    return undefined;
  return { decision, comment, seconds, operations: operations.filter((name) => typeof name === "string") };
}
