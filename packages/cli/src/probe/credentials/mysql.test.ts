import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { loginPaths } from "./mysql.ts";
import { CANARY } from "./testing/cases.ts";
import { makePlace } from "./testing/place.ts";

/** A file as mysql_config_editor writes it. */
function loginFile(lines: readonly string[]): Buffer {
  const seed = Buffer.from(Array.from({ length: 20 }, (_, at) => at * 3));
  const key = Buffer.alloc(16);
  seed.forEach((byte, at) => (key[at % 16] = (key[at % 16] ?? 0) ^ byte));
  const encrypted = lines.flatMap((line) => {
    const cipher = createCipheriv("aes-128-ecb", key, null);
    const bytes = Buffer.concat([cipher.update(line), cipher.final()]);
    const length = Buffer.alloc(4);
    length.writeInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([Buffer.alloc(4), seed, ...encrypted]);
}

test("login paths are found with their hosts", async () => {
  using place = makePlace({
    "~/.mylogin.cnf": loginFile([
      "[client]\n",
      'user = "a"\n',
      `password = "${CANARY}"\n`,
      'host = "db.internal"\n',
    ]),
  });
  const { credentials, unread } = await place.find();
  expect(credentials).toEqual([
    {
      kind: "mysql",
      place: "~/.mylogin.cnf:3",
      name: "db.internal:3306 as a",
      leadsTo: { host: "db.internal", port: 3306, user: "a" },
    },
  ]);
  expect(unread).toEqual([]);
});

test("a file without login paths holds nothing", async () => {
  using place = makePlace({ "~/.mylogin.cnf": loginFile([]) });
  expect(await place.find()).toEqual({ credentials: [], proxies: [], unread: [] });
});

test("a cut file is said", async () => {
  const cut = loginFile(["[client]\n"]).subarray(0, -1);
  expect(loginPaths(cut)).toBeUndefined();
  using place = makePlace({ "~/.mylogin.cnf": cut });
  expect((await place.find()).unread).toEqual([
    { place: "~/.mylogin.cnf", why: "no file of mysql_config_editor" },
  ]);
});

test("files that a file includes are read", async () => {
  using place = makePlace({ "~/dir/a.cnf": "[client]\npassword=x\nhost=db.internal\n" });
  place.write({ "~/.my.cnf": `!includedir ${place.path("~/dir")}\n!include ${place.path("~/.my.cnf")}\n` });
  expect((await place.find()).credentials.map((one) => one.place)).toEqual(["~/dir/a.cnf:2"]);
});
