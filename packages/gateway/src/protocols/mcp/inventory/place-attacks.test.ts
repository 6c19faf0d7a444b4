import { describe, expect, test } from "vitest";
import { compileSchema } from "../../../gate/web/schema/json-schema.ts";
import { patternOf } from "./place-patterns.ts";
import { placeOf } from "./places.ts";

/** Whether the schema that a proposal has takes a value. */
function taking(member: string, values: readonly string[]): (value: string) => boolean {
  const made = patternOf(values.flatMap((value) => placeOf(member, value) ?? []));
  if ("why" in made) throw new Error(made.why);
  const compiled = compileSchema(JSON.stringify({ type: "string", pattern: made.pattern }));
  if ("why" in compiled) throw new Error(compiled.why);
  return (value) => compiled.check(value) === undefined;
}

describe("what is hostile", () => {
  const takesReport = taking("path", ["/srv/reports/a.csv", "/srv/reports/"]);
  const takesGuide = taking("url", ["https://docs.example.com/guides/a"]);

  test("and what is not", () => {
    expect(takesReport("/srv/reports/2026/b.csv")).toBe(true);
    expect(takesGuide("https://docs.example.com/guides/b?page=2")).toBe(true);
  });
  test.each([
    "",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "//srv/reports/a",
    "/srv/reports/../../etc/passwd",
    "/srv/reports/..",
    "/srv/reports/../reports/a",
    "/srv/reports/./a",
    "/srv/reports/.ssh/id_rsa",
    "/srv/reports/.env",
    "/srv/reports/a/.git",
    "/srv/reports-evil/x",
    "/srv/reports.bak/x",
    "/srv/reportsx",
    "/SRV/reports/a",
    "/srv/reports//a",
    "/srv/reports/a//b",
    "/srv/reports/%2e%2e/a",
    "/srv/reports/..%2fa",
    "/srv/reports/%252e%252e/a",
    "/srv/reports/%c0%ae%c0%ae/a",
    "/srv/reports/..%5ca",
    "/srv/reports\\..\\a",
    "/srv/reports/..\\..\\etc",
    "/srv/reports/a\\..\\b",
    "\\srv\\reports\\a",
    "/srv/reports/․․/a",
    "/srv/reports/‥/a",
    "/srv/reports/．．/a",
    "/srv/reports/..∕a",
    "/srv/reports/..／a",
    "/srv∕reports/a",
    "/srv/reports／a",
    "/srv/reports/a\n",
    "/srv/reports/a\r",
    "/srv/reports/a\n/etc/passwd",
    "x\n/srv/reports/a",
    "/srv/reports/a\0",
    "/srv/reports/a\0.csv",
    "/srv/reports/a\u2028b",
    " /srv/reports/a",
    "/srv/reports/a ",
    "/srv/reports/ /a",
    "/srv/reports/... /a",
    "/srv/reports/.. /a",
    "/srv/reports/a./b",
    "/srv/reports/a.",
    "/srv/reports/a*",
    "/srv/reports/a?b",
    "/srv/reports/{a,b}",
    "/srv/reports/[.]ssh",
    "/srv/reports/a#b",
    "/srv/reports/a;id",
    "/srv/reports/$(id)",
    "/srv/reports/`id`",
    "/srv/reports/a|id",
    "/srv/reports/a&b",
    "/srv/reports/a:b",
    "/srv/reports/~root",
    "/srv/reports/SECRET~1",
    "/srv/reports/\u202egpj.a",
    "/srv/reports/a\u200b",
    "file:///srv/reports/a",
    "srv/reports/a",
    "./srv/reports/a",
    "~/srv/reports/a",
    "/srv/reports/a/../../../etc/passwd",
    "/srv/reports/..;/a",
    "/proc/self/root/srv/reports/a",
    "/sŕv/reports/a",
    "/srv/rep\u043erts/a",
    "/srv/reports/\u2488\u2024",
  ])("%j is not in /srv/reports", (value) => {
    expect(takesReport(value)).toBe(false);
  });

  test.each([
    "",
    "https://",
    "https://evil.com/guides/a",
    "http://docs.example.com/guides/a",
    "https://docs.example.com.evil.com/guides/a",
    "https://docs.example.com.evil.com/",
    "https://docs.example.com@evil.com/",
    "https://docs.example.com@evil.com/guides/a",
    "https://docs.example.com:pw@evil.com/guides/a",
    "https://me@docs.example.com/guides/a",
    "https://evil.com#https://docs.example.com/guides/a",
    "https://evil.com/?https://docs.example.com/guides/a",
    "https://evil.com\\@docs.example.com/guides/a",
    "https://docs.example.com\\@evil.com/guides/a",
    "https:\\\\docs.example.com\\guides\\a",
    "HTTPS://docs.example.com/guides/a",
    "https://DOCS.example.com/guides/a",
    "https://docs.example.com./guides/a",
    "https://docs.example.com:443/guides/a",
    "https://docs.example.com:8080/guides/a",
    "https://docs.example.com:/guides/a",
    "https://docsxexample.com/guides/a",
    "https://docs.ехample.com/guides/a",
    "https://docs。example.com/guides/a",
    "https://ｄocs.example.com/guides/a",
    "https://docs.example.com／guides/a",
    "https://docs.example.com∕guides/a",
    "https:/docs.example.com/guides/a",
    "https:docs.example.com/guides/a",
    "https:///docs.example.com/guides/a",
    "//docs.example.com/guides/a",
    "docs.example.com/guides/a",
    "https://docs.example.com/",
    "https://docs.example.com/admin",
    "https://docs.example.com/guides",
    "https://docs.example.com/guides-evil/a",
    "https://docs.example.com/guides/../admin",
    "https://docs.example.com/guides/..",
    "https://docs.example.com/guides/%2e%2e/admin",
    "https://docs.example.com/guides/.%2e/admin",
    "https://docs.example.com/guides/a%2f..%2f..%2fadmin",
    "https://docs.example.com/guides/..%2fadmin",
    "https://docs.example.com/guides/..;/admin",
    "https://docs.example.com/guides/%252e%252e/admin",
    "https://docs.example.com/guides/..\\admin",
    "https://docs.example.com/guides/a\\..\\b",
    "https://docs.example.com/guides/..∕a",
    "https://docs.example.com/guides/․․/a",
    "https://docs.example.com/guides/.git/a",
    "https://docs.example.com/guides//a",
    "https://docs.example.com//guides/a",
    "https://docs.example.com/guides/a#b",
    "https://docs.example.com/guides/a?b#c",
    "https://docs.example.com/guides/a\n",
    "https://docs.example.com/guides/a?b\n",
    "https://docs.example.com/guides/a?b c",
    "https://docs.example.com/guides/a b",
    "https://docs.example.com/guides/a\t",
    "\nhttps://docs.example.com/guides/a",
    "ht\ntps://docs.example.com/guides/a",
    "https://docs.example.com/guides/a\u2028",
    "https://docs.example.com?/guides/a",
    "https://docs.example.com#/guides/a",
    "https://169.254.169.254/guides/a",
    "view-source:https://docs.example.com/guides/a",
    "jar:https://docs.example.com/guides/a!/b",
    "file:///guides/a",
    "javascript://docs.example.com/guides/a",
    "https://docs.example.com%2eevil.com/guides/a",
    "https://docs.example.com%00.evil.com/guides/a",
    "https://docs.example.com,evil.com/guides/a",
    "https://docs.example.com/guides/%00",
    "https://docs.example.com/guides/a%0d%0aX",
    "https://docs.example.com/guides/./a",
  ])("%j is not in https://docs.example.com/guides", (value) => {
    expect(takesGuide(value)).toBe(false);
  });
});

describe("what lets somebody in is printed in no pattern", () => {
  test.each([
    ["path", "/srv/a1b2c3d4e5f6g7h8i/x/a.txt", "a1b2c3d4"],
    ["url", "https://hooks.example.com/services/qwertzuiopasdfghjklyxcvb/send/", "qwertz"],
    ["url", "https://hooks.example.com/a1b2c3d4e5f6g7h8i/send", "a1b2"],
    ["url", "https://hooks.example.com/01ARZ3NDEKTSV4RRFFQ69G5FAV/a", "01ARZ"],
    ["bucket", "s3://exports/a1b2c3d4e5f6g7h8i/a", "a1b2"],
  ])("%s %s", (member, value, token) => {
    const place = placeOf(member, value);
    expect(place?.why).toBeUndefined();
    expect(place?.root).not.toContain(token);
    expect(taking(member, [value])(value)).toBe(true);
  });

  test.each([
    ["path", "a1b2c3d4e5f6g7h8i/a.txt"],
    ["path", "/srv/a1b2c3d4e5f6g7h8i9j0/a.txt"],
    ["path", "/srv/sk_live_a1b2c3d4e5f6/x/a.txt"],
    ["path", "/srv/ghp_16C7e42F292c6912E7710c838347Ae178B4a"],
    ["path", "/srv/AKIAIOSFODNN7EXAMPLE/a"],
    ["path", "/srv/eyJhbGciOiJIUzI1.eyJzdWIi.x"],
    ["url", "https://hooks.example.com/services/a1b2c3d4e5f6g7h8i9j0"],
    ["url", "https://hooks.example.com/services/A1B2C3D4E5F6G7H8I9J0KK"],
    ["url", "https://hooks.example.com/services/sk_live_4eC39HqLyjWDarjtT1zdp7dc"],
  ])("%s %s is set apart", (member, value) =>
    expect(placeOf(member, value)?.why).toBe("it has somebody's name or password in it"),
  );
});

test.each(["https://docs.example.com/r/http:/10.0.0.1", "https://docs.example.com/r/http:10.0.0.1"])(
  "no address leads on to another: %s",
  (value) => {
    expect(placeOf("url", value)?.why).toBe("it can be read in two ways");
    expect(taking("url", ["https://docs.example.com/r/a"])(value)).toBe(false);
  },
);

test.each([
  "ftp://ftp.example.com/a",
  "sftps://a.example.com/a",
  "anything://a/b",
  "crm://orders/42",
  "postgres://db/a",
  "git+https://a.example.com/b",
  "FTP://ftp.example.com/a",
  "ftp:ftp.example.com",
  "mailto:me@example.com",
])("an argument leads to the web, a bucket or a file: %s", (value) =>
  expect(placeOf("url", value)?.why).toBe("only the server knows where such an address leads"),
);

describe("an address by any name", () => {
  test.each([
    "proxy",
    "baseurl",
    "base_url",
    "origin",
    "u",
    "redirect",
    "redirect_to",
    "next",
    "return_to",
    "x",
  ])("%s", (member) => {
    expect(placeOf(member, "evil.com:8080")?.root).toBe("evil.com:8080");
    expect(placeOf(member, "10.0.0.1:8080")?.why).toBe(
      "it makes the server ask an address inside its network",
    );
    expect(placeOf(member, "10.0.0.1")?.why).toBe("it makes the server ask an address inside its network");
    expect(placeOf(member, "[::1]")?.why).toBe("it makes the server ask an address inside its network");
    expect(placeOf(member, "localhost:3000/a")?.why).toBe(
      "it makes the server ask an address inside its network",
    );
  });
  test.each(["proxy", "origin", "next", "return_to"])("%s: without a port", (member) => {
    expect(placeOf(member, "evil.com/a")?.root).toBe("evil.com");
    expect(placeOf(member, "me@evil.com")?.why).toBe("it has somebody's name or password in it");
    expect(placeOf(member, "me:pass@evil.com")?.why).toBe(
      "only the server knows where such an address leads",
    );
    expect(placeOf(member, "db:5432")?.why).toBe("it makes the server ask an address inside its network");
  });
});
