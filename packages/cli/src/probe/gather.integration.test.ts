// tier: full
import { createServer as createTls } from "node:tls";
import type { ProbeTask } from "@mayfly/sdk";
import { makeCertificate } from "@mayfly/testing/cluster.ts";
import { describe, expect, test } from "vitest";
import type { FoundHere } from "./credentials/find.ts";
import { tryWays } from "./gather.ts";
import { useServers } from "./testing/servers.ts";

// What is tried at all. What a single try says is in ways/.

const { listen, serve } = useServers();

const taskOf = (...endpoints: ProbeTask["targets"][number]["endpoints"]): ProbeTask => ({
  probe: "pr_0000000000000000",
  nonce: "n",
  report_by: "2026-12-01T00:00:00.000Z",
  gateway: { host: "mayfly.invalid", port: 8443, ports: [8443] },
  targets: [{ connection: "orders-db", protocol: "http", state: "up", endpoints }],
});

const nothing: FoundHere = { credentials: [], proxies: [], unread: [] };

/** The ways but for those of the host, in words. */
async function ways(task: ProbeTask, here: Partial<FoundHere>): Promise<readonly string[]> {
  const trying = { env: {}, account: "bot", random: "probe_1", ms: 300, onTried: () => undefined };
  const tried = await tryWays(task, { ...nothing, ...here }, trying);
  return tried
    .filter(({ by }) => !by.startsWith("cloud metadata") && by !== "container engine")
    .map(
      ({ outcome, by, to, detail }) =>
        `${outcome} ${by}: ${to}${outcome === "undecided" ? `: ${detail}` : ""}`,
    );
}

describe("proxies", () => {
  test("are tried once each; more than eight, and those that the working folder names, leave a doubt", async () => {
    const seen: string[] = [];
    const port = await serve((socket) => {
      socket.once("data", (chunk: Buffer) => {
        seen.push(chunk.toString().split(" ", 2).join(" "));
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      });
    });
    const url = (at: number): URL => new URL(`http://u${at}:p@127.0.0.1:${port}`);
    const proxies = [
      { place: "HTTPS_PROXY", url: url(0) },
      { place: "ALL_PROXY", url: url(0) },
      ...Array.from({ length: 9 }, (_, at) => ({ place: `rc:${at}`, url: url(at + 1) })),
      { place: ".env:1", url: new URL("http://evil.invalid:3128"), isOfFolder: true as const },
    ];
    const endpoint = { host: "127.0.0.1", port: 5432, speaks: "https" as const, addresses: [] };
    const found = await ways(taskOf({ ...endpoint, addresses: ["127.0.0.1"], port }), { proxies });
    expect(found.filter((way) => way.includes("proxy of"))).toEqual([
      `closed proxy of HTTPS_PROXY: 127.0.0.1:${port}`,
      ...Array.from({ length: 7 }, (_, at) => `closed proxy of rc:${at}: 127.0.0.1:${port}`),
      "undecided proxy: the proxy of .env:1: not tried: a file of the working folder names it",
    ]);
    expect(found).toContain("undecided proxy: 2 more proxies: not tried");
    expect(seen.filter((line) => line.startsWith("CONNECT"))).toHaveLength(8);
  });
});

test("who takes nobody without a client certificate leaves a doubt where one lies here", async () => {
  const { certificate: cert, key } = await makeCertificate();
  const options = { cert, key, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const;
  const port = await listen(createTls(options, () => undefined).on("tlsClientError", () => undefined));
  const task = taskOf({ host: "127.0.0.1", port, speaks: "https", addresses: ["127.0.0.1"] });
  expect(await ways(task, {})).toEqual([`closed address: 127.0.0.1:${port}`]);
  const credential = { kind: "http", place: ".curlrc:1", name: "a certificate" } as const;
  expect(await ways(task, { credentials: [credential] })).toEqual([
    expect.stringContaining(`undecided address: 127.0.0.1:${port}`),
  ]);
});

test("what could not be understood leaves a doubt where it may hide a way", async () => {
  const unread = [
    { place: "HTTPS_PROXY", why: "names no proxy that can be understood", leavesDoubt: true as const },
    { place: "/root/.pgpass", why: "only others may read it" },
  ];
  expect(await ways(taskOf(), { unread })).toEqual([
    "undecided credential: HTTPS_PROXY: names no proxy that can be understood",
  ]);
});

test("hosts that only credentials name are tried, and too many of them leave a doubt", async () => {
  const port = await serve(() => undefined);
  const credentials = [
    { kind: "database", place: "REDIS_URL", name: "", leadsTo: { host: "127.0.0.1", port } },
    ...Array.from({ length: 60 }, (_, at) => ({
      kind: "mysql" as const,
      place: `my.cnf:${at}`,
      name: "",
      leadsTo: { host: `127.0.1.${at + 1}`, port: 1 },
    })),
  ] as const;
  const found = await ways(taskOf(), { credentials });
  expect(found[0]).toBe(`open a credential that lies here: 127.0.0.1:${port}`);
  expect(found.filter((way) => way.startsWith("closed"))).toHaveLength(49);
  expect(found.at(-1)).toBe("undecided credential: 11 more hosts that credentials name: not tried");
});
