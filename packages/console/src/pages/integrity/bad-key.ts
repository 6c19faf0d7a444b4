import { MayflyError } from "@mayfly/sdk/browser";

const code = "bad_key";

/** A key that is none, so that nothing can be checked with it. @param whose "the key noted in this browser" */
export function badKey(whose: string, cause: unknown): MayflyError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MayflyError(code, `${whose} cannot be used: ${why}`, {
    cause,
    hint: "note the key that you have from elsewhere, or run mayfly audit verify on a machine of yours",
  });
}

/** Whether that is what went wrong. */
export function isBadKey(error: unknown): boolean {
  return error instanceof MayflyError && error.code === code;
}
