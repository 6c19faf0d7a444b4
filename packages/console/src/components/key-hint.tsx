import type { ReactNode } from "react";

/** The key that does the same. Shown where there is a keyboard. */
export function KeyHint({ keys }: { keys: string }): ReactNode {
  return (
    <kbd className="key-hint" aria-hidden="true">
      {keys}
    </kbd>
  );
}
