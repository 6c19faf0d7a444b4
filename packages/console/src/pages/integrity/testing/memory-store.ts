import type { Store } from "../noted.ts";

/** Web Storage of one test. @param text what it holds to begin with */
export function memoryStore(text?: string): Store {
  const held = new Map(text === undefined ? [] : [["mayfly.integrity", text]]);
  return {
    getItem: (name) => held.get(name) ?? null,
    setItem: (name, value) => void held.set(name, value),
    removeItem: (name) => void held.delete(name),
  };
}
