import { expect, it } from "vitest";
import { namesMethod } from "../../protocols/http/request/query.ts";
import { isDataName, isForbiddenName } from "./value-shape-names.ts";

it.each([
  "id",
  "user_id",
  "userId",
  "first-name",
  "Content-Type",
  "_id",
  "__typename",
  "$filter",
  "@type",
  "@odata.type",
  "@microsoft.graph.conflictBehavior",
  "line1",
  "address_2",
  "ipv4",
  "utf8",
  "oauth2",
  "sha256",
  "file_sha256",
  "x509",
  "iso8601",
  "base64",
  "md5",
  "straße",
  "名前",
  "toString",
  "method",
])("%s is listed", (name) => expect([isForbiddenName(name), isDataName(name)]).toEqual([false, false]));

it.each([
  "",
  "1",
  "007",
  "3.14",
  "-1",
  "1e3",
  "2024-01-31",
  "2024-01-31T10:00:00Z",
  "fy2024",
  "jan-2024",
  "ana@example.com",
  "example.com",
  "/etc/hosts",
  "https://example.com",
  "a title",
  "urn:a:b",
  "c+d",
  "9f8b6c1d-6f2e-4b6e-9d55-0d6c2f0b7a11",
  "ABCDEFAB-ABCD-4abc-9d55-0d6c2f0b7a11",
  "deadbeef",
  "fa1afe1",
  "inv_482",
  "user-12",
  "user123",
  "cus_9s6XKzkNRiz8i3",
  "V1StGXR8_Z5jdHi6B-myT",
  "sk_live_a1b2c3",
  "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  "a".repeat(65),
  "\ud800",
  "a\u0000",
  "a\u202eb",
  "10.0.0.1",
  "::1",
])("%j is data", (name) => expect([isForbiddenName(name), isDataName(name)]).toEqual([false, true]));

it.each(["__proto__", "constructor", "prototype"])("%s is forbidden", (name) =>
  expect(isForbiddenName(name)).toBe(true),
);

it.each([
  "_method",
  "_METHOD",
  "X-HTTP-Method-Override",
  "_method[]",
  "[_method]",
  "http.method",
  "$method",
  "_http_method",
  "httpMethod",
  "x_method",
  "method-override",
  " _method ",
  "＿method",
])("%s is forbidden, as the HTTP protocol has it", (name) => {
  expect(namesMethod(name)).toBe(true);
  expect(isForbiddenName(name)).toBe(true);
});

it.each(["inv_4a2", "Straße", "ABCDEF12", "ſhort", "9\u212a", "\ufb00\ufb00\ufb00\ufb00"])(
  "%s is what it is in another case",
  (name) => {
    expect(isDataName(name.toLowerCase())).toBe(isDataName(name));
    expect(isDataName(name.toUpperCase())).toBe(isDataName(name));
  },
);
