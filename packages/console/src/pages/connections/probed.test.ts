import type { ProbedHost } from "@mayfly/sdk/browser";
import { describe, expect, test } from "vitest";
import { openLines, worstFirst } from "./probed.ts";

const host = (more: Partial<ProbedHost>): ProbedHost => ({
  probe: "pr_7k2m9q4t0x5c8v1n",
  host: "support-1",
  address: "10.0.0.7",
  principal: {
    kind: "agent",
    issuer: "https://example.okta.com",
    subject: "bot",
    client: "bot",
    name: "bot",
    actors: [],
    groups: [],
  },
  offered_by: "olga@example.com",
  probed_at: "2026-12-01T10:00:00.000Z",
  verdict: "closed",
  connections: [],
  open: [],
  undecided: [],
  credentials: [],
  ...more,
});

test("open hosts come first, then undecided ones, the newest among equals", () => {
  const hosts = [
    host({ host: "a" }),
    host({ host: "b", verdict: "undecided" }),
    host({ host: "c", verdict: "open" }),
    host({ host: "d", verdict: "open", probed_at: "2026-12-01T11:00:00.000Z" }),
  ];
  expect(worstFirst(hosts).map((each) => each.host)).toEqual(["d", "c", "b", "a"]);
});

describe("what of a host is not closed", () => {
  test("is said by connection, with the ways", () => {
    expect(
      openLines(
        host({
          connections: [
            {
              connection: "orders-db",
              verdict: "open_with_credential",
              open: ["address: 10.0.0.9:5432"],
              undecided: [],
              probed_at: "2026-12-01T10:00:00.000Z",
            },
            {
              connection: "billing-api",
              verdict: "open",
              open: ["proxy of HTTPS_PROXY: a:443", "name: a:443"],
              undecided: [],
              probed_at: "2026-12-01T10:00:00.000Z",
            },
            {
              connection: "crm",
              verdict: "undecided",
              open: [],
              undecided: ["the target was down"],
              probed_at: "2026-12-01T10:00:00.000Z",
            },
            {
              connection: "prod-cluster",
              verdict: "closed",
              open: [],
              undecided: [],
              probed_at: "2026-12-01T10:00:00.000Z",
            },
            {
              connection: "own",
              verdict: "no_address",
              open: [],
              undecided: [],
              probed_at: "2026-12-01T10:00:00.000Z",
            },
          ],
          open: ["container engine: /var/run/docker.sock"],
        }),
      ),
    ).toEqual([
      "orders-db is open, with a credential on the host: address: 10.0.0.9:5432",
      "billing-api is open: proxy of HTTPS_PROXY: a:443; name: a:443",
      "crm is undecided: the target was down",
      "beside the connections: container engine: /var/run/docker.sock",
    ]);
  });

  test("is nothing of a closed one", () => {
    expect(openLines(host({}))).toEqual([]);
  });
});
