import { base64, fromBase64 } from "@mayfly/audit-verifier/browser";
import type { KeptHead } from "./extension.ts";

/** What this browser remembers of the log between visits. */
export interface Noted {
  /** The verifier key that counts, as the auditor pasted it or as it was first seen. */
  readonly key: string;
  /** `pasted` by a person who has it from elsewhere, or `first use`: the gateway's own word. */
  readonly from: "pasted" | "first use";
  /** When it was noted, RFC 3339. */
  readonly at: string;
  /** Keys that counted before it, each of which signed for the next: what they signed may have been kept. */
  readonly earlier?: readonly string[];
  /** The last head that verified. */
  readonly head?: KeptHead & { readonly at: string };
}

/** The part of Web Storage that is used. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const name = "mayfly.integrity";

/** Reads what was noted; anything unreadable counts as nothing noted. */
export function readNoted(store: Store): Noted | undefined {
  let value: unknown;
  try {
    value = JSON.parse(store.getItem(name) ?? "null");
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== "object") return undefined;
  const { key, from, at, head, earlier } = value as Record<string, unknown>;
  if (typeof key !== "string" || typeof at !== "string" || (from !== "pasted" && from !== "first use"))
    return undefined;
  const kept = readHead(head);
  const keys = Array.isArray(earlier) ? earlier.filter((one) => typeof one === "string") : [];
  return {
    key,
    from,
    at,
    ...(keys.length === 0 ? {} : { earlier: keys }),
    ...(kept === undefined ? {} : { head: kept }),
  };
}

function readHead(value: unknown): Noted["head"] {
  if (value === null || typeof value !== "object") return undefined;
  const { size, root, at } = value as Record<string, unknown>;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  const bytes = typeof root === "string" ? fromBase64(root) : undefined;
  if (bytes?.length !== 32 || typeof at !== "string") return undefined;
  return { size, root: bytes, at };
}

/** Notes. A store that takes nothing (private mode, full) is no reason to fail: the page says what it could not keep. */
export function writeNoted(store: Store, noted: Noted): boolean {
  const { head, ...rest } = noted;
  try {
    store.setItem(
      name,
      JSON.stringify({
        ...rest,
        ...(head === undefined ? {} : { head: { ...head, root: base64(head.root) } }),
      }),
    );
    return true;
  } catch {
    return false;
  }
}

/** Forgets everything. */
export function forgetNoted(store: Store): void {
  try {
    store.removeItem(name);
  } catch {
    // A store that cannot be written to remembers nothing either.
  }
}

/** This browser's storage; one that holds nothing where the browser refuses it. */
export function browserStore(): Store {
  try {
    return globalThis.localStorage;
  } catch {
    return {
      getItem: () => null,
      setItem: () => {
        throw new Error("the browser refuses storage");
      },
      removeItem: () => undefined,
    };
  }
}
