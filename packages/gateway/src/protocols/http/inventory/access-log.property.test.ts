// tier: full
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { httpCombined } from "./access-log.ts";

async function foundIn(text: string): Promise<readonly Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield text;
  }
  for await (const each of httpCombined.read(pieces())) all.push(each);
  return all;
}

/** As nginx escapes. */
const hex = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      byte < 32 || byte > 126 || byte === 34 || byte === 92
        ? `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : String.fromCodePoint(byte),
    )
    .join("");
/** As Apache escapes. */
const slash = (text: string): string =>
  hex(text)
    .replaceAll(String.raw`\x22`, String.raw`\"`)
    .replaceAll(String.raw`\x5C`, String.raw`\\`);

const time = "[02/Dec/2026:08:19:19 +0000]";
/** What a client would write to be taken for a line's rest, in pieces. */
const evil = fc
  .array(
    fc.constantFrom(
      '"',
      " ",
      "] ",
      "- ",
      "\\",
      "[",
      time,
      `${time} "`,
      '"GET /evil HTTP/1.1" ',
      " 200 1",
      "HTTP/1.1",
      '""',
      "a",
      ":80",
      "é",
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));
const target = fc.stringMatching(/^\/[a-z0-9?=&%._~[\]-]{0,20}$/);
const fields = fc.record({
  host: fc.constantFrom("", "", "shop.internal:80 "),
  address: fc.constantFrom("10.0.0.1", "2001:db8::1", "host.internal"),
  user: fc.oneof(evil, fc.constantFrom("alice", "-")),
  method: fc.constantFrom("GET", "POST"),
  target: fc.oneof(
    target,
    evil.map((text) => `/${text}`),
  ),
  status: fc.constantFrom("200", "201", "404"),
  agent: evil,
});
type Fields = typeof fields extends fc.Arbitrary<infer Value> ? Value : never;

const rendered = (each: Fields, escape: (text: string) => string): string =>
  `${each.host}${each.address} - ${escape(each.user)} ${time} "${each.method} ${escape(each.target)} HTTP/1.1" ${each.status} 5 "-" "${escape(each.agent)}"\n`;

const ofUser = (user: string, address: string): string =>
  user === "-" || user === "" || user === '""' ? address : user;

const expected = (each: Fields, escape: (text: string) => string): Found =>
  each.status === "404"
    ? { kind: "failed" }
    : {
        kind: "act",
        act: {
          act: `${each.method} ${each.target}`,
          by: ofUser(escape(each.user), each.address),
          ...(each.host !== "" && { within: "shop.internal" }),
          at: Date.UTC(2026, 11, 2, 8, 19, 19),
          times: 1,
        },
      };

test.each([
  ["nginx", hex],
  ["Apache", slash],
  ["a server that escapes nothing", (text: string) => text],
])("a line of %s reads back as what it was written from, or not at all", async (_, escape) => {
  await fc.assert(
    fc.asyncProperty(fields, async (each) => {
      const found = await foundIn(rendered(each, escape));
      if (found[0]?.kind === "unread") return;
      expect(found).toEqual([expected(each, escape)]);
    }),
    { numRuns: 400 },
  );
});

test("a line of plain fields is always read", async () => {
  const plain = fields.map((each) => ({ ...each, user: "alice", target: "/v1/a?b=c", agent: "curl/8" }));
  await fc.assert(
    fc.asyncProperty(plain, async (each) => {
      expect((await foundIn(rendered(each, hex)))[0]?.kind).toBe(each.status === "404" ? "failed" : "act");
    }),
    { numRuns: 50 },
  );
});
