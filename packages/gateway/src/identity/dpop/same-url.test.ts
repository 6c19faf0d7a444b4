import { expect, test } from "vitest";
import { isSameUrl } from "./same-url.ts";

const origin = "https://mayfly.test:8443";
const usual = "https://mayfly.test";

/** Each names what the request is for. */
const same: readonly (readonly [what: string, htu: string, origin: string, target: string])[] = [
  ["to the byte", `${origin}/v1/grants`, origin, "/v1/grants"],
  ["a query that only the request has", `${origin}/v1/grants`, origin, "/v1/grants?state=active"],
  ["a query that both have", `${origin}/v1/grants?state=ended#x`, origin, "/v1/grants?state=active"],
  ["capitals in scheme and host", "HTTPS://Mayfly.TEST:8443/v1/grants", origin, "/v1/grants"],
  ["the port that https has anyway", "https://mayfly.test:443/v1", usual, "/v1"],
  ["the port that http has anyway", "http://127.0.0.1:80/v1", "http://127.0.0.1", "/v1"],
  ["no path", usual, usual, "/"],
  ["no path and a query", `${usual}?a`, usual, "/?b"],
  ["a question mark in the query", `${origin}/a`, origin, "/a?b?c"],
  ["an encoded slash", `${origin}/a%2Fb`, origin, "/a%2Fb"],
];
for (const [what, htu, of, target] of same)
  test(`the same: ${what}`, () => {
    expect(isSameUrl(htu, of, target)).toBe(true);
  });

/** Each differs in one thing. */
const others: readonly (readonly [what: string, htu: string, origin: string, target: string])[] = [
  ["a slash at its end", `${origin}/v1/grants/`, origin, "/v1/grants"],
  ["no slash at its end", `${origin}/v1/grants`, origin, "/v1/grants/"],
  ["capitals in the path", `${origin}/V1/grants`, origin, "/v1/grants"],
  ["another case of an encoding", `${origin}/a%2fb`, origin, "/a%2Fb"],
  ["an encoding of a plain letter", `${origin}/%61`, origin, "/a"],
  ["a plain letter for its encoding", `${origin}/~a`, origin, "/%7Ea"],
  ["an encoded question mark", `${origin}/a%3Fb`, origin, "/a?b"],
  ["dots", `${origin}/a/../b`, origin, "/b"],
  ["a dot", `${origin}/./b`, origin, "/b"],
  ["two slashes", `${origin}//b`, origin, "/b"],
  ["another port", "https://mayfly.test:8444/a", origin, "/a"],
  ["no port", "https://mayfly.test/a", origin, "/a"],
  ["the port of another scheme", "https://mayfly.test:80/a", usual, "/a"],
  ["an empty port", "https://mayfly.test:/a", usual, "/a"],
  ["another scheme", "http://mayfly.test:8443/a", origin, "/a"],
  ["a WebSocket's scheme", "wss://mayfly.test:8443/a", origin, "/a"],
  ["somebody in front of the host", "https://x@mayfly.test:8443/a", origin, "/a"],
  ["the host behind somebody", "https://mayfly.test:8443@evil.test/a", origin, "/a"],
  ["a host that begins so", "https://mayfly.test:8443.evil.test/a", origin, "/a"],
  ["a dot behind the host", "https://mayfly.test.:8443/a", origin, "/a"],
  ["a backslash", "https://mayfly.test:8443\\a", origin, "/a"],
  ["white space", ` ${origin}/a`, origin, "/a"],
  ["the path alone", "/a", origin, "/a"],
  ["nothing", "", origin, "/a"],
  ["the path of the query", `${origin}/a?x=/b`, origin, "/b"],
  ["a path that overlaps its end", `${origin}/a/a`, origin, "/a"],
];
for (const [what, htu, of, target] of others)
  test(`another: ${what}`, () => {
    expect(isSameUrl(htu, of, target)).toBe(false);
  });
