/** What a key does on a page with a list and something to decide. */
export type KeyAction = "next" | "previous" | "open" | "approve" | "refuse" | "help";

const actions: ReadonlyMap<string, KeyAction> = new Map(
  Object.entries({
    j: "next",
    ArrowDown: "next",
    k: "previous",
    ArrowUp: "previous",
    Enter: "open",
    a: "approve",
    r: "refuse",
    "?": "help",
  } satisfies Record<string, KeyAction>),
);

/** What of a keyboard event decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** The key is being held down. */
  readonly repeat: boolean;
  /** The name of the element that has the focus, in upper case. */
  readonly at: string;
  /** A dialog or a menu is open. */
  readonly covered: boolean;
}

const typing = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const pressed = new Set(["BUTTON", "A", "SUMMARY"]);

/**
 * What a key press means, or undefined for nothing of ours: not while somebody types or a dialog is open, not with a
 * modifier (that is the browser's), and Enter on a button or link is the button's. A key that is held down moves on
 * and decides nothing.
 */
export function keyAction(press: KeyPress): KeyAction | undefined {
  if (press.covered || press.ctrlKey || press.metaKey || press.altKey || typing.has(press.at))
    return undefined;
  const action = actions.get(press.key);
  if (action === "open" && pressed.has(press.at)) return undefined;
  if (press.repeat && action !== "next" && action !== "previous") return undefined;
  return action;
}
