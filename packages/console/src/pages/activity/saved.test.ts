import { describe, expect, it } from "vitest";
import {
  changeSaved,
  MAX_NAME_CHARACTERS,
  MAX_SAVED_SEARCHES,
  nameOf,
  readSaved,
  withSaved,
  writeSaved,
} from "./saved.ts";

const of = (name: string) => ({ name, filters: { connection: "orders-db", decision: "deny" } as const });

describe("saved searches", () => {
  it("come back as they were", () => {
    const saved = [of("denied on orders"), { name: "all", filters: { types: ["act.denied"] } as const }];
    expect(readSaved(writeSaved(saved))).toEqual(saved);
  });
  it("are as many as may be, and one of the same name replaces the other", () => {
    const full = Array.from({ length: MAX_SAVED_SEARCHES }, (_, number) => of(`search ${number}`));
    expect(withSaved(full, of("another"))).toBeUndefined();
    expect(withSaved(full, { name: "search 3", filters: { text: "x" } })).toHaveLength(MAX_SAVED_SEARCHES);
    expect(withSaved([of("a")], { name: "a", filters: { text: "x" } })).toEqual([
      { name: "a", filters: { text: "x" } },
    ]);
    expect(readSaved(writeSaved([...full, ...full]))).toHaveLength(MAX_SAVED_SEARCHES);
  });
  it.each([
    null,
    "",
    "{",
    "null",
    "[1]",
    '[{"name":1,"search":{}}]',
    '[{"name":"","search":{}}]',
    '[{"name":"a"}]',
  ])("are none where %j is stored", (text) => expect(readSaved(text)).toEqual([]));
  it("are read as an address is: what is no filter is left out", () => {
    expect(
      readSaved('[{"name":"a","search":{"decision":"maybe","connection":"c","__proto__":{"text":"x"}}}]'),
    ).toEqual([{ name: "a", filters: { connection: "c" } }]);
    expect(readSaved(`[${" ".repeat(70_000)}]`)).toEqual([]);
  });
  it("have names of one line that can be seen, and not longer than may be", () => {
    expect(nameOf("  a \n b ")).toBe("a b");
    expect(nameOf("x\u202Ey")).toBe("x<U+202E>y");
    expect(nameOf(" \n")).toBeUndefined();
    expect(nameOf("x".repeat(500))).toHaveLength(MAX_NAME_CHARACTERS);
  });
  it("keep what another tab has saved since", () => {
    const held = new Map<string, string>();
    const storage = {
      getItem: (key: string) => held.get(key) ?? null,
      setItem: (key: string, text: string) => void held.set(key, text),
    };
    const save = (name: string) => changeSaved(storage, "mine", (saved) => withSaved(saved, of(name)));
    save("of one tab");
    save("of the other");
    const remove = (name: string) =>
      changeSaved(storage, "mine", (saved) => saved.filter((search) => search.name !== name));
    expect(remove("of one tab")).toEqual([of("of the other")]);
    expect(changeSaved(storage, "mine", () => undefined)).toBeUndefined();
    expect(readSaved(held.get("mine") ?? null)).toEqual([of("of the other")]);
  });
});
