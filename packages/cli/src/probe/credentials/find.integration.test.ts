// tier: full
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import type { FoundHere } from "./found.ts";
import { CANARY, CASES, SIGNS } from "./testing/cases.ts";
import { makePlace } from "./testing/place.ts";

const lines = ({ credentials }: FoundHere): readonly string[] =>
  credentials.map(({ kind, place, name, leadsTo }) => {
    const port = leadsTo?.port === undefined ? "" : `:${leadsTo.port}`;
    return `${kind} ${place}: ${name}${leadsTo === undefined ? "" : ` -> ${leadsTo.host}${port}`}`;
  });

/** All that may be printed. */
const printed = ({ credentials, proxies, unread }: FoundHere): string =>
  JSON.stringify([credentials, unread, proxies.map(({ place }) => place)]);

test.each(CASES)("$what: found, without the secret", async ({ files, env, found }) => {
  using place = makePlace(files);
  const here = await place.find(env);
  expect(lines(here)).toEqual(found);
  expect(here.unread).toEqual([]);
  expect(printed(here)).not.toContain(CANARY);
  // What is handed on as a target is sent, not only printed.
  for (const { leadsTo } of here.credentials)
    for (const part of [leadsTo?.host, leadsTo?.user, leadsTo?.database])
      expect(part ?? "").not.toContain(CANARY);
});

test.each(CASES)("$what: a near miss", async ({ miss: { files, env } }) => {
  using place = makePlace(files);
  expect(await place.find(env)).toEqual({ credentials: [], proxies: [], unread: [] });
});

test("no value ever comes out, whatever lies here together", async () => {
  const all = CASES.filter(({ what }) => what !== "a worktree's repository");
  using place = makePlace(Object.assign({}, ...all.map(({ files }) => files)));
  const env = Object.assign({}, ...all.map((one) => one.env)) as Record<string, string>;
  const here = await place.find({ ...env, HTTPS_PROXY: `http://u:${CANARY}@proxy.internal:3128` });
  expect(here.credentials.length).toBeGreaterThan(80);
  expect(here.proxies.map((one) => one.place)).toEqual(["environment variable HTTPS_PROXY", "~/.curlrc:1"]);
  expect(printed(here)).not.toContain(CANARY);
});

test("no part of a value comes out of a file that was cut or broken anywhere", async () => {
  const files = CASES.flatMap((one) => Object.entries(one.files ?? {}));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.nat(),
      fc.constantFrom("", "\u0000", "\ufeff", "[", '"', "{{"),
      async ([name, text], at, more) => {
        const cut = at % (text.length + 1);
        using place = makePlace({ [name]: text.slice(0, cut) + more + text.slice(cut) });
        const whole = await place.find();
        place.write({ [name]: text.slice(0, cut) });
        const half = await place.find();
        expect(printed(whole) + printed(half)).not.toContain(CANARY);
        for (const { why } of [...whole.unread, ...half.unread]) expect(why).not.toBe("looking there failed");
      },
    ),
    { numRuns: 60 },
  );
});

test("no part of a value comes out of a file, whatever signs are in it", async () => {
  const files = CASES.flatMap((one) => Object.entries(one.files ?? {}));
  const signs = fc.array(fc.constantFrom(...SIGNS), { maxLength: 4 });
  const secret = fc
    .tuple(signs, signs, signs)
    .map(([first, second, third]) => [first, second, third].map((part) => part.join("")).join(CANARY));
  await fc.assert(
    fc.asyncProperty(secret, fc.constantFrom(...files), async (value, [name, text]) => {
      using place = makePlace({ [name]: text.replaceAll(`${CANARY}Hunter2`, () => value) });
      expect(printed(await place.find())).not.toContain(CANARY);
    }),
    { numRuns: 90 },
  );
});

test("arbitrary bytes in any file never throw", async () => {
  const names = [...new Set(CASES.flatMap((one) => Object.keys(one.files ?? {})))].filter(
    (name) => name !== "./.git",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: "binary" }),
      async (bytes, value) => {
        using place = makePlace(Object.fromEntries(names.map((name) => [name, Buffer.from(bytes)])));
        const here = await place.find({
          ANY_URL: value,
          HTTP_PROXY: value,
          KUBECONFIG: value,
          PGPASSFILE: value,
          PGHOST: value,
          PGPASSWORD: value,
        });
        expect(here.unread.filter(({ why }) => why === "looking there failed")).toEqual([]);
      },
    ),
    { numRuns: 8 },
  );
});

test.each([
  ["~/.netrc", " ".repeat(1_000_000)],
  ["~/.gitconfig", `[a${" ".repeat(1_000_000)}`],
  ["~/.gitconfig", `[credential]\nhelper = store ${" ".repeat(1_000_000)}x`],
  ["~/.curlrc", `user${" ".repeat(1_000_000)}`],
  ["./.env", `A${" ".repeat(1_000_000)}`],
  ["~/.m2/settings.xml", "<".repeat(1_000_000)],
  ["~/.m2/settings.xml", "<!--".repeat(250_000)],
  ["~/.pgpass", "\\:".repeat(500_000)],
  ["~/.kube/config", "[".repeat(1_000_000)],
  ["~/.kube/config", `a: &a [x, x]\n${"b: [*a, *a]\n".repeat(1000)}`],
  ["~/.docker/config.json", "[".repeat(1_000_000)],
])("a hostile %s is read in a moment, and nothing is found", async (name, content) => {
  using place = makePlace({ [name]: content });
  expect((await place.find()).credentials).toEqual([]);
});

test.each([
  ["~/.kube/config", "users: [", "no YAML that can be understood"],
  ["~/.kube/config", `a: &a [1]\nb: [${"*a, ".repeat(200)}]`, "no YAML that can be understood"],
  ["~/.kube/config", "text", "no kubeconfig"],
  ["~/.docker/config.json", "{", "no JSON that can be understood"],
  ["~/.netrc", "machine\u0000", "not all of it is text"],
  ["~/.netrc", Buffer.from([0xff, 0xfe, 0x41]), "not all of it is text"],
  ["~/.pgpass", "x".repeat(1024 * 1024 + 1), "larger than 1 MB"],
])("%s that can't be understood is said", async (name, content, why) => {
  using place = makePlace({ [name]: content });
  expect(await place.find()).toEqual({ credentials: [], proxies: [], unread: [{ place: name, why }] });
});

test("a line that is none of a password file's is said, without it", async () => {
  using place = makePlace({ "~/.pgpass": `db:5432:${CANARY}\n` });
  expect((await place.find()).unread).toEqual([{ place: "~/.pgpass:1", why: "no line of a password file" }]);
});

test("a password file that libpq ignores is still found", async () => {
  using place = makePlace({ "~/.pgpass": `db:5432:shop:a:${CANARY}` });
  chmodSync(place.path("~/.pgpass"), 0o640);
  expect((await place.find()).credentials[0]?.name).toBe(
    "db:5432/shop as a (libpq ignores this file: others may read it)",
  );
});

test("a FIFO, a folder and links in a circle are said, and nothing waits for them", async () => {
  using place = makePlace();
  mkdirSync(place.path("~/.pgpass"));
  execFileSync("mkfifo", [place.path("~/.netrc"), place.path("./.env")]);
  symlinkSync(place.path("~/.curlrc"), place.path("~/.curlrc"));
  symlinkSync("/dev/null", place.path("~/.wgetrc"));
  symlinkSync("/dev/zero", place.path("~/.npmrc"));
  expect((await place.find()).unread).toEqual([
    { place: "~/.pgpass", why: "a folder, no file" },
    { place: "~/.netrc", why: "no regular file" },
    { place: "~/.curlrc", why: "its symbolic links lead in a circle" },
    { place: "~/.npmrc", why: "no regular file" },
    { place: "./.env", why: "no regular file" },
  ]);
});

test("a link to a file is followed", async () => {
  using place = makePlace({ "~/real": "machine a.internal password x" });
  symlinkSync(place.path("~/real"), place.path("~/.netrc"));
  expect((await place.find()).credentials).toHaveLength(1);
});

test("more than can be kept is said", async () => {
  using place = makePlace({ "~/.netrc": "machine a.internal password x\n".repeat(400) });
  const { credentials, unread } = await place.find();
  expect(credentials).toHaveLength(300);
  expect(unread).toEqual([
    { place: "credentials", why: "there are more than 300: only these were kept", leavesDoubt: true },
  ]);
});

test("proxies are found with their credentials, and what is none is said", async () => {
  using place = makePlace({
    "~/.curlrc": 'proxy = "socks5h://p.internal:1080"\n',
    "~/.npmrc": "https-proxy=http://n.internal:3128\n",
    "~/.gitconfig": "[http]\nproxy = g.internal:3128\n",
    "~/.kube/config": "clusters: [{ name: c, cluster: { proxy-url: 'http://k.internal:1' } }]",
  });
  const here = await place.find({
    HTTPS_PROXY: `http://u:${CANARY}@e.internal:3128`,
    http_proxy: "gopher://x",
  });
  expect(here.proxies.map(({ place: where, url }) => `${where} ${url.href}`)).toEqual([
    `environment variable HTTPS_PROXY http://u:${CANARY}@e.internal:3128/`,
    "~/.kube/config (cluster c) http://k.internal:1/",
    "~/.curlrc:1 socks5h://p.internal:1080",
    "~/.gitconfig:2 http://g.internal:3128/",
    "~/.npmrc:1 http://n.internal:3128/",
  ]);
  expect(lines(here)).toEqual([
    "http environment variable HTTPS_PROXY: a proxy's login, e.internal:3128 -> e.internal:3128",
  ]);
  expect(here.unread).toEqual([
    {
      place: "environment variable http_proxy",
      why: "names no proxy that can be understood",
      leavesDoubt: true,
    },
  ]);
});

test("the login beside a proxy is tried with it", async () => {
  using place = makePlace({
    "~/.curlrc": `proxy-user = "a%40b:${CANARY}"\nsocks5-hostname = c.internal:1080\n`,
    "~/.wgetrc": `http_proxy = w.internal:3128\nproxy_user = a@b\nproxy_password = 1%/${CANARY}\n`,
  });
  const here = await place.find();
  expect(here.proxies.map(({ url }) => url.href)).toEqual([
    `socks5h://a%40b:${CANARY}@c.internal:1080`,
    `http://a%40b:1%25%2F${CANARY}@w.internal:3128/`,
  ]);
  expect(printed(here)).not.toContain(CANARY);
});

test("proxies that a folder alone names are marked, home's and the environment's are not", async () => {
  using place = makePlace({
    "./.env": "HTTPS_PROXY=e.internal:1\nHTTP_PROXY=both.internal:1\n",
    "~/.env": "HTTPS_PROXY=h.internal:1\n",
    "./.npmrc": "https-proxy=http://n.internal:1\n",
    "./.yarnrc.yml": "httpsProxy: http://y.internal:1\n",
    "./.git/config": "[http]\nproxy = g.internal:1\n[include]\npath = more\n",
    "./.git/more": "[http]\nproxy = i.internal:1\n",
    "./.mcp.json": '{"mcpServers":{"a":{"env":{"HTTPS_PROXY":"m.internal:1"}}}}',
    "/etc/npmrc": "https-proxy=http://etc.internal:1\n",
  });
  const { proxies } = await place.find({ HTTP_PROXY: "both.internal:1" });
  expect(proxies.map(({ url, isOfFolder }) => [url.hostname, isOfFolder ?? false])).toEqual([
    ["both.internal", false],
    ["etc.internal", false],
    ["h.internal", false],
    ["m.internal", true],
    ["g.internal", true],
    ["i.internal", true],
    ["n.internal", true],
    ["y.internal", true],
    ["e.internal", true],
  ]);
});

test("a repository in the home folder is home's, and a crowd of a folder's proxies hides no other", async () => {
  using place = makePlace({
    "./.env": Array.from({ length: 101 }, (_, at) => `HTTPS_PROXY=p${at}.internal:1\n`).join(""),
    "~/.git/config": "[http]\nproxy = g.internal:1\n",
    "~/.curlrc": "proxy = ftp://x\n",
  });
  const { proxies, unread } = await place.find();
  expect(proxies).toHaveLength(101);
  expect(proxies[0]?.isOfFolder).toBeUndefined();
  expect(unread).toEqual([
    { place: "~/.curlrc:1", why: "names no proxy that can be understood", leavesDoubt: true },
    { place: "proxies", why: "there are more than 100", leavesDoubt: true },
  ]);
});

test("a cache of tickets that is no file is said, and leaves no doubt", async () => {
  using place = makePlace();
  expect((await place.find({ KRB5CCNAME: "KCM:" })).unread).toEqual([
    { place: "environment variable KRB5CCNAME", why: "its cache is kept by the system, not in a file" },
  ]);
});
