import { expect, test } from "vitest";
import { formOf } from "./forms.ts";

test.each([
  ["42", "number", "[0-9]+"],
  ["7b0e6a1c-2f6d-4a53-9c51-0d3f3f2b1e77", "uuid"],
  ["2026-12-02", "date"],
  ["2026-12", "month"],
  ["2026-12-02T08:19:19Z", "time"],
  ["01JAR8D0Q4M9V7K2X3B5N6P8ST", "ulid"],
  ["-12.50", "decimal"],
  ["ORD-20417", "ORD-number", "ORD-[0-9]+"],
  ["cus_4fG9aZ81kQ", "cus_id", "cus_[A-Za-z0-9]*"],
  ["5f2b8c1e9d7a4c3b", "hex"],
  ["V1StGXR8_Z5jdHi6B-myT", "id"],
  ["v1.4.2", "version"],
  ["47.1,8.5", "list"],
  ["jane.doe@example.com", "email"],
  ["55736.json", "number.json", "[0-9]+[.]json"],
  ["55736:merge", "number:merge", "[0-9]+:merge"],
  ["contacts-2026-12-02.csv", "contacts-date.csv", "contacts-[0-9]{4}"],
])("%s is a %s", (value, name, pattern = "") => {
  const form = formOf(value);
  expect(form?.name).toBe(name);
  expect(form?.pattern).toContain(pattern);
  expect(new RegExp(`^(?:${form?.pattern})$`, "u").test(value)).toBe(true);
});

test.each([
  "customers",
  "v1",
  "blue-shirt",
  "model-2",
  "cus_customers",
  "live_credentials",
  "password-reset-tokens",
  "deadbeefdeadbeef",
  "a",
  "",
  "4000x3000",
  "me",
  "x".repeat(40),
])("%j is a word", (value) => expect(formOf(value)).toBeUndefined());

test("no form takes a slash: a value stays in its segment", () => {
  for (const value of ["42", "ORD-1", "cus_4fG9aZ81kQ", "V1StGXR8_Z5jdHi6B-myT", "2026-12-02T08:19:19Z"])
    expect(new RegExp(`^(?:${formOf(value)?.pattern})$`, "u").test(`${value}/${value}`)).toBe(false);
});
