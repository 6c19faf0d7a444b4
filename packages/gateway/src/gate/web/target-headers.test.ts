import { expect, it } from "vitest";
import { Secret } from "../../kernel/secret.ts";
import { refuseHeaders, refuseWritten } from "./target-headers.ts";

const found = (check: typeof refuseHeaders, name: string, value: string | Secret = "1"): string[] => {
  const all: string[] = [];
  check({ [name]: value }, (refused, why) => all.push(`${refused}: ${why}`));
  return all;
};

it.each([
  "host",
  "Connection",
  "content-length",
  "Transfer-Encoding",
  "upgrade",
  "te",
  "trailer",
  "keep-alive",
  "expect",
  "proxy-authorization",
])("refuses %s, which the gateway makes itself", (name) => {
  expect(found(refuseHeaders, name, new Secret("1"))).toEqual([
    `${name}: the gateway makes this header itself`,
  ]);
});

it.each(["Authorization", "cookie", "x-token", "CLIENT_SECRET", "db-password", "x-api-key", "APIKEY"])(
  "refuses %s when it is written out, and takes it as a named secret",
  (name) => {
    const why = [`${name}: a secret is named, never written`];
    expect([found(refuseHeaders, name), found(refuseWritten, name)]).toEqual([why, why]);
    expect(found(refuseHeaders, name, new Secret("1"))).toEqual([]);
  },
);

it.each(["x-team", "accept", "hostname", "x-host", "tenant"])("takes %s", (name) => {
  expect(found(refuseHeaders, name)).toEqual([]);
});
