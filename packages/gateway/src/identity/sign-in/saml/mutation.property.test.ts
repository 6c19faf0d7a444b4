import fc from "@mayfly/testing/fast-check.ts";
import { expect, test, vi } from "vitest";
import type { SignedIn } from "../provider.ts";
import { SignInRefused } from "../problems.ts";
import { mutations, spansOf } from "./testing/elements.ts";
import { setScene } from "./testing/scene.ts";

const scene = await setScene({ allowProviderInitiated: true });
const documents = [
  scene.mint(),
  scene.mint({ sign: "assertion" }),
  scene.mint({ login: "bob@example.com", edit: (xml) => xml.replaceAll("><", ">\n<") }),
];
// As they come out untouched: whatever is done to a document, it means this or nothing.
const meanings = await Promise.all(documents.map((xml) => scene.post(xml)));

// The XML library prints what it stumbles over; nothing that gets that far may make it stumble.
const printed = [vi.spyOn(console, "error"), vi.spyOn(console, "warn"), vi.spyOn(console, "log")];

async function verdict(bytes: Buffer): Promise<SignedIn | "refused"> {
  scene.used.clear();
  try {
    return await scene.signIn.finish({
      parameters: { SAMLResponse: bytes.toString("base64"), RelayState: scene.begun.handle },
      begun: scene.begun,
    });
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    return "refused";
  }
}

const which = fc.nat({ max: documents.length - 1 });
const textOf = (index: number): string => documents[index] ?? "";

test("a changed bit means the same or nothing", async () => {
  await fc.assert(
    fc.asyncProperty(which, fc.nat(), fc.nat({ max: 7 }), async (index, position, bit) => {
      const bytes = Buffer.from(textOf(index));
      const at = position % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      expect([meanings[index], "refused"]).toContainEqual(await verdict(bytes));
    }),
    { numRuns: 400 },
  );
});

test("a changed, added or missing character means the same or nothing", async () => {
  const replacement = fc.oneof(
    fc.constant(""),
    fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
    fc.constantFrom(
      "<",
      ">",
      "&",
      '"',
      "'",
      "/",
      "=",
      " ",
      "\n",
      "\r",
      "]]>",
      "<!---->",
      "<?p?>",
      "<![CDATA[]]>",
      "&#65;",
      "\u0000",
      "\uFEFF",
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      which,
      fc.nat(),
      fc.nat({ max: 1 }),
      replacement,
      async (index, position, removed, text) => {
        const xml = textOf(index);
        const at = position % xml.length;
        const changed = xml.slice(0, at) + text + xml.slice(at + removed);
        expect([meanings[index], "refused"]).toContainEqual(await verdict(Buffer.from(changed)));
      },
    ),
    { numRuns: 400 },
  );
});

test("no text inside the signed assertion can be changed", async () => {
  const xml = textOf(0);
  // Between the tags of the assertion, its signature's certificate apart, which is not signed.
  const from = xml.indexOf("</ds:Signature>", xml.indexOf("<saml2:Assertion"));
  const positions = [...xml.matchAll(/>([^<]+)</g)]
    .filter(({ index }) => index > from)
    .flatMap(({ index, 1: text = "" }) => Array.from(text, (_, offset) => index + 1 + offset));
  expect(positions.length).toBeGreaterThan(100);
  for (const at of positions) {
    const changed = `${xml.slice(0, at)}${xml[at] === "x" ? "y" : "x"}${xml.slice(at + 1)}`;
    expect({ at, came: await verdict(Buffer.from(changed)) }).toEqual({ at, came: "refused" });
  }
});

test("elements moved, repeated, removed or wrapped mean the same or nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      which,
      fc.array(fc.tuple(fc.constantFrom(...Object.values(mutations)), fc.nat(), fc.nat()), {
        minLength: 1,
        maxLength: 3,
      }),
      async (index, steps) => {
        let xml = textOf(index);
        for (const [mutate, a, b] of steps) {
          const spans = spansOf(xml);
          const [first, second] = [spans[a % spans.length], spans[b % spans.length]];
          if (first !== undefined && second !== undefined) xml = mutate(xml, first, second);
        }
        expect([meanings[index], "refused"]).toContainEqual(await verdict(Buffer.from(xml)));
      },
    ),
    { numRuns: 500 },
  );
});

test("parts of one answer in another mean nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), async (a, b) => {
      const [into, from] = [textOf(1), textOf(2)];
      const target = spansOf(into)[a % spansOf(into).length];
      const source = spansOf(from)[b % spansOf(from).length];
      if (target === undefined || source === undefined) return;
      const xml = into.slice(0, target.start) + from.slice(source.start, source.end) + into.slice(target.end);
      // Two whole answers, and two whole assertions, are each as good as the other.
      expect([...meanings, "refused"]).toContainEqual(await verdict(Buffer.from(xml)));
    }),
    { numRuns: 400 },
  );
});

test("garbage is refused", async () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300, unit: "binary" }).map((text) => Buffer.from(text)),
    fc
      .array(
        fc.constantFrom(
          "<a>",
          "</a>",
          "<a/>",
          "<",
          ">",
          "<!--",
          "-->",
          "<![CDATA[",
          "]]>",
          "<?",
          "?>",
          "<!DOCTYPE",
          "&",
          ";",
          "&#x",
          "a",
          '="',
          "'",
          " ",
          "xmlns",
        ),
        { maxLength: 200 },
      )
      .map((parts) => Buffer.from(parts.join(""))),
  );
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      expect(await verdict(Buffer.from(bytes))).toBe("refused");
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["spaces in a tag", `<a${" ".repeat(250_000)}`],
  ["spaces around an equals sign", `<a b${" ".repeat(250_000)}`],
  ["a name", `<${"a".repeat(250_000)}`],
  ["a name with dots", `<a ${"a.".repeat(125_000)}`],
  ["an attribute's value", `<a b="${"x".repeat(250_000)}`],
  ["ampersands", `<a>${"&".repeat(250_000)}</a>`],
  ["references", `<a>${"&#x".repeat(80_000)}</a>`],
  ["closing tags", "</a>".repeat(60_000)],
  ["attributes", `<a ${'b="" '.repeat(50_000)}/>`],
  ["space between elements", `<a>${"<b/> ".repeat(3_998)}</a>`],
  [
    "namespaces",
    `<a ${Array.from({ length: 30 }, (_, n) => `xmlns:a${n}="urn:${n}"`).join(" ")}>${"<b/>".repeat(3_998)}</a>`,
  ],
])("much of the same ends: %s", async (_, xml) => {
  expect(await verdict(Buffer.from(xml))).toBe("refused");
});

test("nothing of all that was printed", () => {
  for (const print of printed) expect(print).not.toHaveBeenCalled();
});
