// tier: gate
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { compileSchema } from "../../packages/gateway/src/gate/web/schema/json-schema.ts";
import { ENFORCED_KEYWORDS, holdsOf } from "../../packages/gateway/src/gate/web/schema/keywords.ts";
import { secondValidator } from "../../packages/gateway/src/gate/web/schema/testing/second-validator.ts";

// The JSON Schema organisation's own suite: on every value of every schema that is taken, the gateway's validator and a
// second one say what the suite says. What is refused at load is refused whole.

const folder = path.join(
  root,
  ".cache/json-schema-suite/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests/draft2020-12",
);

interface Group {
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

/** Every group of the suite, what a validator may leave out among them. */
function groups(under = ""): readonly (Group & { readonly file: string })[] {
  if (!existsSync(folder)) return [];
  return readdirSync(path.join(folder, under), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(under, entry.name);
    if (entry.isDirectory()) return groups(file);
    const held = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as readonly Group[];
    return held.map((group) => ({ ...group, file }));
  });
}

const anyType = ["array", "boolean", "null", "number", "object", "string"];

/**
 * A schema that says the same and names a type wherever the gateway wants one. (A rule for a type that is not said would
 * leave all others unjudged.)
 */
function typed(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const members = Object.entries(schema).map(([keyword, value]) => {
    const holds = holdsOf(keyword);
    if (holds === "schema") return [keyword, typed(value)];
    if (holds === "schemas") return [keyword, (value as unknown[]).map(typed)];
    if (holds === "schemasByName" && typeof value === "object")
      return [
        keyword,
        Object.fromEntries(Object.entries(value as object).map(([n, each]) => [n, typed(each)])),
      ];
    return [keyword, value];
  });
  return { ...("type" in schema ? {} : { type: anyType }), ...Object.fromEntries(members) };
}

/** The second validator knows fewer formats, and some of them less exactly. */
const isAboutFormats = (file: string): boolean => file.startsWith("optional/format/");

/** What is refused although its format takes it: readers read it in more than one way. */
const stricter: Readonly<Record<string, readonly string[]>> = {
  "optional/format/email.json": [
    "a quoted string with a space in the local part is valid",
    "a quoted string with a double dot in the local part is valid",
    "a quoted string with a @ in the local part is valid",
    "an IPv4-address-literal after the @ is valid",
    "an IPv6-address-literal after the @ is valid",
  ],
  "optional/format/hostname.json": ["a valid punycoded IDN hostname"],
};
/** Taken with a length alone, which the suite's schemas do not say; the random pairs have it. */
const elsewhere = ["prefixItems"];

const ran = new Map<string, number>();
const count = (keyword: string, by: number): void => void ran.set(keyword, (ran.get(keyword) ?? 0) + by);

test("the suite is here", () => {
  expect(existsSync(folder), "npm test brings it: node scripts/test.mjs").toBe(true);
});

describe.runIf(existsSync(folder))("every value of every schema that is taken", () => {
  test.each(groups().map((group) => [group.file, group.description, group] as const))(
    "%s: %s",
    (file, _, group) => {
      for (const schema of [group.schema, typed(group.schema)]) {
        const ours = compileSchema(JSON.stringify(schema));
        if ("why" in ours) continue;
        // There a format asserts nothing, as it need not.
        if (file === "format.json") continue;
        const theirs = secondValidator(schema);
        for (const { description, data, valid } of group.tests) {
          const isStricter = stricter[file]?.includes(description) === true;
          const verdict = { ours: ours.check(data) === undefined, theirs: theirs(data) };
          expect([description, verdict]).toEqual([
            description,
            { ours: valid && !isStricter, theirs: isAboutFormats(file) ? verdict.theirs : valid },
          ]);
        }
        for (const keyword of Object.keys(ENFORCED_KEYWORDS))
          if (JSON.stringify(schema).includes(`"${keyword}":`)) count(keyword, group.tests.length);
      }
    },
  );

  test("reaches every keyword that is enforced", () => {
    const missed = Object.keys(ENFORCED_KEYWORDS).filter((keyword) => (ran.get(keyword) ?? 0) < 4);
    expect(missed).toEqual(elsewhere);
  });
});
