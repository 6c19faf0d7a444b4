import { expect, test } from "vitest";
import { doorsOf, hostsWith, placeDoors } from "./doors.ts";

test("a grant's ways in are where its clients connect to, each once", () => {
  const kubeconfig = "clusters: [{ name: a, cluster: { server: 'https://mayfly.internal:8443/k8s/gr_1' } }]";
  expect(doorsOf({ env: { PGHOST: "mayfly.internal", PGPORT: "6432" } })).toEqual([
    { host: "mayfly.internal", port: 6432 },
  ]);
  expect(doorsOf({ env: {}, url: "https://mayfly.internal/http/a", kubeconfig })).toEqual([
    { host: "mayfly.internal", port: 443 },
    { host: "mayfly.internal", port: 8443 },
  ]);
  expect(
    doorsOf({
      env: {},
      url: "http://[::1]:8080/",
      kubeconfig: "clusters: [{ name: a, cluster: { server: 'http://[::1]:8080' } }]",
    }),
  ).toEqual([{ host: "::1", port: 8080 }]);
});

test("each name has an address of its own; a loopback address stays; two names of one address are one door", () => {
  const doors = ["mayfly.internal", "MAYFLY.internal", "db.internal", "localhost", "127.0.0.1", "::1"].map(
    (host) => ({ host, port: 443 }),
  );
  expect(placeDoors(doors).map(({ address }) => address)).toEqual([
    "127.0.0.2",
    "127.0.0.3",
    "127.0.0.1",
    "::1",
  ]);
});

test("nothing can stand for another machine's address", () => {
  for (const host of ["10.0.0.5", "fd00::5"])
    expect(() => placeDoors([{ host, port: 443 }])).toThrow(`the gateway is named by its address ${host}`);
});

test("the hosts file has the doors' names, and nothing else of these", () => {
  const original =
    "127.0.0.1\tlocalhost\n10.0.0.5 mayfly.internal  other # mayfly.internal\n# a comment\n10.0.0.6 MAYFLY.internal\n\n::1 localhost ip6-localhost";
  const doors = placeDoors([
    { host: "mayfly.internal", port: 443 },
    { host: "localhost", port: 1 },
  ]);
  expect(hostsWith(original, doors)).toBe(
    "127.0.0.2 mayfly.internal\n127.0.0.1 localhost\n10.0.0.5 other\n::1 localhost ip6-localhost\n",
  );
});
