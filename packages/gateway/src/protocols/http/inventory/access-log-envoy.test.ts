import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { httpEnvoy } from "./access-log-envoy.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of httpEnvoy.read(pieces())) all.push(each);
  return all;
}

const values = {
  time: "2026-12-02T08:19:19.123Z",
  request: "GET /v1/a?b=c HTTP/1.1",
  code: "200",
  received: "0",
  forwarded: "203.0.113.9, 10.0.0.1",
  agent: "curl/8",
  authority: "Shop.internal",
};
const envoy = (more: Partial<typeof values> = {}): string => {
  const { time, request, code, received, forwarded, agent, authority } = { ...values, ...more };
  return `[${time}] "${request}" ${code} - ${received} 154 5 4 "${forwarded}" "${agent}" "f2d2-1" "${authority}" "10.1.1.1:443"\n`;
};
const istio = (more: Partial<typeof values> = {}): string => {
  const { time, request, code, received, forwarded, agent, authority } = { ...values, ...more };
  return `[${time}] "${request}" ${code} - via_upstream - "-" ${received} 154 5 4 "${forwarded}" "${agent}" "f2d2-1" "${authority}" "10.1.1.1:80" outbound|80||shop.default.svc.cluster.local 10.2.0.1:41 10.2.0.2:80 10.2.0.3:50 - default\n`;
};
const act = (more: object = {}): object => ({
  kind: "act",
  act: {
    act: "GET /v1/a?b=c",
    by: "203.0.113.9",
    within: "shop.internal",
    at: Date.UTC(2026, 11, 2, 8, 19, 19, 123),
    times: 1,
    ...more,
  },
});
const unread = (why: string, line = 1): object => ({ kind: "unread", line, why });
const NO_LINE = "it is no line of Envoy's or Istio's default format, or a value in it holds a quote";
const NO_STATUS = "no status: nobody knows whether it worked";

test.each([
  ["Envoy", envoy],
  ["Istio", istio],
])("%s", async (_, line) => {
  expect(await found(line(), line({ received: "5" }))).toEqual([
    act(),
    act({ act: "GET /v1/a?b=c\ncontent-length: 5" }),
  ]);
  expect(await found(line({ forwarded: "-" }))).toEqual([act({ by: "" })]);
  expect(await found(line({ forwarded: "2001:db8::1" }))).toEqual([act({ by: "2001:db8::1" })]);
  expect(await found(line({ authority: "shop.internal:443" }))).toEqual([act()]);
  expect(await found(line({ code: "101" }))).toEqual([act({ act: "GET /v1/a?b=c\nupgrade: websocket" })]);
  expect(await found(line({ code: "503" }))).toEqual([{ kind: "failed" }]);
  expect(await found(line({ code: "0" }))).toEqual([unread(NO_STATUS)]);
  expect(await found(line({ request: "- - -", code: "0" }))).toEqual([unread(NO_STATUS)]);
  expect(await found(line({ request: "- - HTTP/2" }))).toEqual([unread("its method is none")]);
  expect(await found(line({ authority: "a b" }))).toEqual([unread("its host is none")]);
  expect(await found(line({ time: "2026-13-02T08:19:19.123Z" }))).toEqual([unread("its time is none")]);
  expect(await found(line({ time: "02/Dec/2026:08:19:19 +0000" }))).toEqual([unread(NO_LINE)]);
  expect(await found(line({ received: "-" }))).toEqual([unread(NO_LINE)]);
  expect(httpEnvoy.recognizes(line())).toBe(true);
  expect(httpEnvoy.recognizes(`cut"\n${line()}`)).toBe(true);
  const long = line({ request: `GET /${"a".repeat(70_000)} HTTP/1.1` });
  expect(httpEnvoy.recognizes(long.slice(0, 65_536))).toBe(true);
});

test("details that Istio writes of a failed connection", async () => {
  const text = istio({ code: "503" }).replace('via_upstream - "-"', 'upstream_reset{x} - "TLS_error: a b"');
  expect(await found(text)).toEqual([{ kind: "failed" }]);
});

test("a quote in any value makes a line unreadable: nothing is escaped", async () => {
  for (const line of [envoy, istio])
    for (const evil of [
      '"',
      '" "',
      `a" "1" "evil.example" "10.0.0.9:1`,
      `a" 200 - 0 1 1 1 "-" "-" "-" "evil" "-`,
    ])
      for (const name of ["request", "forwarded", "agent", "authority"] as const)
        expect(await found(line({ [name]: evil }), line()), `${name}: ${evil}`).toEqual([
          unread(NO_LINE),
          act(),
        ]);
});

test("a long line and a cut one are told, and the next one is read", async () => {
  const long = Array.from({ length: 20 }, () => "x".repeat(1_048_576));
  expect(await found("[", ...long, "\n", envoy(), envoy().slice(0, -3))).toEqual([
    unread("the line is too long"),
    act(),
    unread(NO_LINE, 3),
  ]);
});

test("other formats are not recognized", () => {
  for (const text of [
    "",
    "[2026-12-02] a\n",
    `[${values.time}] "GET /a HTTP/1.1" 200\n`,
    "#\n".repeat(20) + envoy(),
  ])
    expect(httpEnvoy.recognizes(text)).toBe(false);
});
