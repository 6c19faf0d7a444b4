import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createCoveringFinder } from "./covering-operations.ts";
import type { Verdict } from "./protocol.ts";
import { denialOf } from "./hints.ts";

const deny: Verdict<string> = {
  kind: "deny",
  denial: denialOf({ rule: "r", message: "m", remedy: "ask", connection: "c" }),
};

const nearly: Verdict<string> = {
  kind: "deny",
  denial: denialOf({ rule: "r", message: "m", remedy: "ask", connection: "c", near: true }),
};

function finder(offered: () => readonly string[], clock = fakeClock()) {
  const tried: string[] = [];
  const find = createCoveringFinder<string>({
    clock,
    offered,
    checkOf: (name) => (act) => {
      tried.push(name);
      if (act === "near") return nearly;
      return name.endsWith(act) ? { kind: "permit", operation: name, cover: name } : deny;
    },
  });
  return { find, tried, clock };
}

it("names what may be requested and covers the act, and nothing else", () => {
  const { find } = finder(() => ["c/read", "c/write", "c/overwrite"]);
  expect(find("write")?.names).toEqual(["c/write", "c/overwrite"]);
  expect(find("drop")?.names).toEqual([]);
});

it("looks only so many acts up in a second, so that a flood of denials stays cheap", () => {
  const { find, tried, clock } = finder(() => ["c/read"]);
  for (let i = 0; i < 50; i += 1) find("read");
  expect(tried.length).toBe(4);
  expect(find("read")).toBeUndefined();
  clock.advance(1001);
  expect(find("read")?.names).toEqual(["c/read"]);
});

it("says nothing rather than guess when there is more on offer than it tries", () => {
  const { find, tried } = finder(() => Array.from({ length: 17 }, (_, i) => `c/op${i}`));
  expect(find("op3")).toBeUndefined();
  expect(tried).toEqual([]);
});

it("asks again what is on offer once its answer is old", () => {
  let offers = ["c/read"];
  const { find, clock } = finder(() => offers);
  expect(find("write")?.names).toEqual([]);
  offers = ["c/read", "c/write"];
  clock.advance(5000);
  expect(find("write")?.names).toEqual([]);
  clock.advance(5001);
  expect(find("write")?.names).toEqual(["c/write"]);
});

it("names what comes near where nothing covers the act, and says that it only comes near", () => {
  const { find } = finder(() => ["c/read"]);
  expect(find("near")).toEqual({ names: ["c/read"], exactly: false });
});
