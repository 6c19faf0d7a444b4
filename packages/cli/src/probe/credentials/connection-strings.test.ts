import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { loginOf } from "./connection-strings.ts";
import { CANARY, SIGNS } from "./testing/cases.ts";

/** Strings of each kind around a password that nobody has escaped. */
const AROUND: readonly ((password: string) => string)[] = [
  (password) => `postgres://support:${password}@db.internal:5432/shop`,
  (password) => `postgres://db.internal/shop?user=a&password=${password}`,
  (password) => `https://a:${password}@api.internal/v1?x=y`,
  (password) => `redis://:${password}@db.internal`,
  (password) => `other://a:${password}@db.internal/x`,
  (password) => `jdbc:mysql://db.internal:3306/shop?user=a&password=${password}`,
  (password) => `host=db.internal dbname=shop user=a password=${password}`,
  (password) => `host=db.internal dbname=shop user=a password='${password}'`,
  (password) => `Server=db.internal;Database=shop;User Id=a;Password=${password}`,
  (password) => `host=db.internal user=a password=abc\\ user=${password}`,
  (password) => `pushover://a:${password}@${password}/`,
  (password) => `a:${password}@tcp(db.internal:3306)/shop`,
];

test("no part of a password comes out, whatever signs are in it", () => {
  const sign = fc.constantFrom(...SIGNS);
  const password = fc
    .tuple(fc.array(sign, { maxLength: 5 }), fc.array(sign, { maxLength: 5 }))
    .map(([before, after]) => `${before.join("")}${CANARY}${after.join("")}${CANARY}`);
  fc.assert(
    fc.property(password, fc.constantFrom(...AROUND), (secret, around) => {
      expect(JSON.stringify(loginOf(around(secret)) ?? {})).not.toContain(CANARY);
    }),
    { numRuns: 3000 },
  );
});

test("any text at all is a login or none", () => {
  const anyText = fc.uint16Array().map((units) => String.fromCharCode(...units));
  fc.assert(
    fc.property(anyText, fc.constantFrom(...AROUND), (text, around) => {
      for (const tried of [text, around(text)])
        expect(typeof loginOf(tried)).toMatch(/^(?:object|undefined)$/);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["postgres://a:b@[::1]:5433/shop", [{ host: "::1", port: 5433, database: "shop", user: "a" }]],
  ["postgres://a:b@%2Fvar%2Frun/shop", [{ host: "/var/run", port: 5432, database: "shop", user: "a" }]],
  ["postgresql:///shop?host=db&password=b", [{ host: "db", port: 5432, database: "shop" }]],
  ["amqps://a:b@q.internal/%2f", [{ host: "q.internal", port: 5671, user: "a" }]],
  ["snowflake://a:b@account/x", [{ host: "account", port: 443, database: "x", user: "a" }]],
  ["https://a:b@api.internal:8443/x", [{ host: "api.internal", port: 8443 }]],
  ["https://api.internal/x?api_key=b", [{ host: "api.internal", port: 443 }]],
  ["https://a:b@api.internal/@scope", []],
  ["https://a:b@uQiRzpo4DXghDmr9QzzfQu27cmVRsG/", []],
  ["pushover://a:b@host/", []],
  ["postgresql+psycopg2://a:b@db/x", [{ host: "db", port: 5432, database: "x", user: "a" }]],
  [
    "postgresql:///x?host=a,b&port=1,2&password=c",
    [
      { host: "a", port: 1, database: "x" },
      { host: "b", port: 2, database: "x" },
    ],
  ],
  [
    "host=a,b port=1,2 password=c",
    [
      { host: "a", port: 1 },
      { host: "b", port: 2 },
    ],
  ],
  ["host=a password=b\\ user=c", [{ host: "a", port: 5432 }]],
  ["host=a password=b user=c user=d", []],
  ["host=a password='b user=c", []],
  ["host=a password=b c", []],
  ["Server=a;Uid=b;Password=c;Uid=d", []],
  ["smtp://a:b@mail.internal:25", [{ host: "mail.internal", port: 25, user: "a" }]],
  ["host=h hostaddr=10.0.0.1 port=5433 password=b", [{ host: "10.0.0.1", port: 5433 }]],
])("%s leads to its hosts", (text, targets) => {
  expect(loginOf(text)?.targets).toEqual(targets);
});

test.each([
  "postgres://a:${PASSWORD}@db/x",
  "postgres://a:@db/x",
  "docker://registry.internal/image@sha256:00",
  "https://alice@dev.azure.com/x",
  "https://api.internal/?mail=a@b.internal",
  "password=b",
  "a:b@c",
  "",
])("'%s' holds no login", (text) => {
  expect(loginOf(text)).toBeUndefined();
});
