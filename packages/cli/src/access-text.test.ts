import { afterEach, expect, test, vi } from "vitest";
import { printExports } from "./access-text.ts";

const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
afterEach(() => write.mockClear());
const printed = (): string => write.mock.calls.map(([text]) => String(text)).join("");

test("variables are printed as a shell takes them", () => {
  printExports({ PGHOST: "localhost", _1: "it's $(here)" });
  expect(printed()).toBe(String.raw`export PGHOST=localhost
export _1='it'\''s $(here)'
`);
});

test.each(["A;touch x", "A B", "1A", "", "A-B", "A\nB", "$(id)", "A=B; id #", "Ä"])(
  "a name that no shell takes, %j, is refused before anything is printed",
  (name) => {
    expect(() => printExports({ PGHOST: "localhost", [name]: "x" })).toThrow("no shell takes");
    expect(printed()).toBe("");
  },
);
