import { expect, test } from "vitest";
import { dotenvVariables, isDotenv } from "./dotenv.ts";
import { makePlace } from "./testing/place.ts";

test.each([
  ["A=b", [["A", "b"]]],
  ["export A = b # c", [["A", "b"]]],
  ["A='b # c'", [["A", "b # c"]]],
  [
    'A="b\nB=c\n"\nC=d',
    [
      ["A", "b"],
      ["C", "d"],
    ],
  ],
  [
    "A=-----BEGIN PRIVATE KEY-----\nB=c\n-----END PRIVATE KEY-----\nC=d",
    [
      ["A", "-----BEGIN PRIVATE KEY-----"],
      ["C", "d"],
    ],
  ],
  ['A B="c\nD=e\n"\nF=g', [["F", "g"]]],
  ['A=""-----BEGIN\nB=c\n"', [["A", ""]]],
  ['A="-----BEGIN"\nB=c\n"', [["A", "-----BEGIN"]]],
  ['A="b\nC="-----BEGIN\nB=c\n"', [["A", "b"]]],
  ['A="-----BE"GIN\nB=c\n"', [["A", "-----BE"]]],
  [
    'A="-----" # it\'s\nexport B="$A"/bin\nC=d',
    [
      ["A", "-----"],
      ["B", "$A"],
      ["C", "d"],
    ],
  ],
  ["# it's\nA=b", [["A", "b"]]],
  [
    "A=\r\nB=c\r\n",
    [
      ["A", ""],
      ["B", "c"],
    ],
  ],
  ["no variable\n=x\n1=2", []],
])("%j", (text, variables) => {
  expect(dotenvVariables(text).variables.map(({ name, value }) => [name, value])).toEqual(variables);
});

test.each([".env", ".env.local", ".env.production.local", ".envrc"])("%s is loaded", (name) => {
  expect(isDotenv(name)).toBe(true);
});

test.each([
  ".env.example",
  ".env.sample",
  ".env.template",
  ".env.dist",
  ".env.example.local",
  "env",
  ".environment",
])("%s is not", (name) => {
  expect(isDotenv(name)).toBe(false);
});

test("what follows a quote that nothing closes is said", async () => {
  using place = makePlace({ "./.env": 'A="b\nB_TOKEN=c\n' });
  expect(await place.find()).toEqual({
    credentials: [],
    proxies: [],
    unread: [{ place: "./.env", why: "a quote is not closed: what follows it was not looked at" }],
  });
});

test("PG* variables of one file belong together, and a folder .env is none", async () => {
  using place = makePlace({ "~/.env/x": "", "./.env": "PGHOST=db.internal\nPGPASSWORD=x\n" });
  expect(await place.find()).toEqual({
    credentials: [
      {
        kind: "postgres",
        place: "./.env:2",
        name: "db.internal:5432",
        leadsTo: { host: "db.internal", port: 5432 },
      },
    ],
    proxies: [],
    unread: [],
  });
});
