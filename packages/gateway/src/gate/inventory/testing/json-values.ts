import fc from "@mayfly/testing/fast-check.ts";

/** Names that programmers choose; some are keywords of JSON Schema or members of JavaScript's objects. */
const words = [
  "id",
  "name",
  "items",
  "amount",
  "createdAt",
  "user_id",
  "line1",
  "sha256",
  "$ref",
  "$id",
  "enum",
  "const",
  "required",
  "properties",
  "type",
  "default",
  "toString",
  "valueOf",
];
/** Names that are data, each of a kind. */
export const dataNames = [
  "4711",
  "2024-01-31",
  "ana@example.com",
  "9f8b6c1d-6f2e-4b6e-9d55-0d6c2f0b7a11",
  "cus_9s6XKzk1",
  "",
  "deadbeefcafe",
  "a title",
  "db.example.com",
  "/etc/hosts",
];

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.constantFrom("2024-01-31", "2024-01-31T10:00:00Z", "ana@example.com", "https://example.com/a?b#c"),
  fc.constantFrom("9f8b6c1d-6f2e-4b6e-9d55-0d6c2f0b7a11", "10.0.0.1", "::1", "P1D", "10:00:00Z"),
);
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);

function objectOf(names: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 }).map((each) => ({ ...each }));
}

const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    { weight: 4, arbitrary: fc.oneof(scalar, fc.constant(null)) },
    { weight: 3, arbitrary: objectOf(words, tie("json")) },
    { weight: 1, arbitrary: objectOf([...words.slice(0, 2), ...dataNames], tie("json")) },
    { weight: 2, arbitrary: fc.array(tie("json"), { maxLength: 4 }) },
  ),
}));

/** JSON values of every kind. */
export const anyJson = json;
/** Objects without data in their names, of a few members at the top. */
export const anyRecord = objectOf(words, json);
