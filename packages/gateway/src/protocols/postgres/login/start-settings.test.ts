import { describe, expect, test } from "vitest";
import { UpstreamError } from "../upstream/connect.ts";
import { startSettings, type StartSettings } from "./start-settings.ts";

const none = Number.POSITIVE_INFINITY;

function settle(
  settings: Readonly<Record<string, string>>,
  { onlyReads = true, timeout = none, temporaryTables = false } = {},
): StartSettings {
  return startSettings(
    new Map(Object.entries(settings)),
    { onlyReads, temporaryTables },
    ["public"],
    new Map([["statement_timeout", timeout]]),
  );
}

describe("the settings of a start-up", () => {
  test("that leave the session without a search path are refused where it may make temporary tables", () => {
    expect(settle({ search_path: "" }).others.get("search_path")).toBe("");
    expect(settle({ search_path: "public, pg_temp" }, { temporaryTables: true }).others.size).toBe(1);
    for (const path of ["", "''", '""', "public", "pg_temp"])
      expect(() => settle({ search_path: path }, { temporaryTables: true })).toThrow(UpstreamError);
  });

  test("that are harmless go upstream, time-outs to where they are kept", () => {
    expect(settle({ timezone: "UTC", jit: "off", statement_timeout: "5s" })).toEqual({
      timeouts: new Map([["statement_timeout", 5000]]),
      others: new Map([
        ["timezone", "UTC"],
        ["jit", "off"],
      ]),
    });
    // A server without that limit says so itself.
    expect(settle({ transaction_timeout: "5s" }).others.get("transaction_timeout")).toBe("5s");
    expect(settle({ statement_timeout: "0" }).timeouts.size).toBe(0);
  });

  test.each([
    ["a path that is not the gateway's", { search_path: "public" }, {}],
    ["a longer time-out than the operation's", { statement_timeout: "31s" }, { timeout: 30_000 }],
    ["none at all where the operation has one", { statement_timeout: "0" }, { timeout: 30_000 }],
    ["writing where the grant only reads", { default_transaction_read_only: "off" }, {}],
    ["another reading of texts", { standard_conforming_strings: "off" }, {}],
    ["the operator's own messages", { client_min_messages: "debug1" }, {}],
  ])("are refused: %s", (_, settings, bounds) => {
    expect(() => settle(settings, bounds)).toThrow(UpstreamError);
  });

  test("that ask for what is fixed anyway are taken", () => {
    const fixed = { search_path: '"public", pg_temp', standard_conforming_strings: "on" };
    expect([...settle(fixed).others.keys()]).toEqual(["search_path", "standard_conforming_strings"]);
    expect(settle({ default_transaction_read_only: "off" }, { onlyReads: false }).others.size).toBe(1);
  });
});
