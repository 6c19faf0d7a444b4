import { expect, test } from "vitest";
import { findCredentials } from "./find.ts";
import type { Surroundings } from "./found.ts";
import { Search } from "./search.ts";

const surroundings: Surroundings = {
  env: {},
  home: "/absent/home",
  cwd: "/absent/home/work",
  root: "/absent",
  isGateway: () => false,
};

test("what is beyond the bound of looks leaves a doubt", async () => {
  const search = new Search(surroundings);
  for (let at = 0; at < 2000; at++) await search.head("/absent/file");
  expect(search.found().unread).toEqual([]);
  await search.head("/absent/file");
  expect(search.found().unread).toEqual([
    { place: "files", why: "only the first 2000 were looked at", leavesDoubt: true },
  ]);
});

test("a doubt stays when too much could not be read", () => {
  const search = new Search(surroundings);
  for (let at = 0; at < 200; at++) search.unread(`/${at}`, "only others may read it");
  search.unread("/more", "only others may read it");
  const last = { place: "places", why: "more than 200 could not be read" };
  expect(search.found().unread.at(-1)).toEqual(last);
  search.proxy("/proxy", "gopher://x");
  search.unread("/last", "only others may read it");
  expect(search.found().unread.slice(200)).toEqual([{ ...last, leavesDoubt: true }]);
});

test("a doubt about a place stays beside the first reason", () => {
  const search = new Search(surroundings);
  search.unread("/a", "not all of it is text");
  search.unread("/a", "names no proxy that can be understood", "leaves doubt");
  search.unread("/a", "only others may read it");
  expect(search.found().unread).toEqual([{ place: "/a", why: "not all of it is text", leavesDoubt: true }]);
});

test("a finder that fails leaves a doubt, and says nothing of what it was about", async () => {
  const found = await findCredentials({
    ...surroundings,
    env: { DATABASE_URL: "postgres://a:b@db/x" },
    isGateway: () => {
      throw new Error("secret");
    },
  });
  expect(found).toEqual({
    credentials: [],
    proxies: [],
    unread: [{ place: "environment", why: "looking there failed", leavesDoubt: true }],
  });
});

test("Mayfly is asked for by a port, in lower case and without the root's dot", () => {
  const asked: (readonly [string, number | undefined])[] = [];
  const search = new Search({
    ...surroundings,
    isGateway: (host, port) => {
      asked.push([host, port]);
      return true;
    },
  });
  search.add("postgres", "/a", "a", { host: "Gateway.TEST.", port: 6432 });
  search.add("database", "/b", "b", { host: "gateway.test" });
  expect(asked).toEqual([["gateway.test", 6432]]);
  expect(search.found().credentials.map(({ place }) => place)).toEqual(["/b"]);
});
