import { afterEach, describe, expect, test, vi } from "vitest";
import { lookOfRisk, lookOfState } from "./colour.ts";
import { type Column, table } from "./table.ts";
import { widthOf } from "./width.ts";

const columns: readonly Column[] = [
  { name: "REQUEST", givesWay: "never" },
  { name: "RISK", givesWay: "never", leaves: 1, look: lookOfRisk },
  { name: "WHO", leaves: 2 },
  { name: "GRANT", wide: true },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "REASON", givesWay: "below" },
];
const rows = [
  [
    "req_7k2m9q4t0x5c8v1n",
    "high",
    "support-bot",
    "gr_1",
    "orders-db/read-orders orders-db/refund-order",
    "TICKET-1: the parcel of 東京都 is lost, and nobody knows where",
  ],
  ["req_2", "low", "a-bot-with-a-very-long-name", "", "billing-api/read-invoice", "x\ny"],
];

afterEach(() => {
  vi.unstubAllEnvs();
  Reflect.deleteProperty(process.stdout, "isTTY");
});

describe("a table", () => {
  test("fits the terminal, and never cuts what is copied", () => {
    for (const available of [46, 60, 80, 100, 120, 140]) {
      const lines = table(columns, rows, { columns: available }).split("\n");
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(available);
      const whole = lines.join("\n");
      for (const name of ["req_7k2m9q4t0x5c8v1n", "orders-db/read-orders", "orders-db/refund-order"])
        expect(whole).toContain(name);
    }
  });

  test("gives way step by step", () => {
    expect(table(columns, rows, { columns: 140 })).toBe(
      `REQUEST               RISK  WHO                          OPERATIONS                REASON
req_7k2m9q4t0x5c8v1n  high  support-bot                  orders-db/read-orders     TICKET-1: the parcel of 東京都 is lost, and nobody knows…
                                                         orders-db/refund-order
req_2                 low   a-bot-with-a-very-long-name  billing-api/read-invoice  x ⏎ y`,
    );
    expect(table(columns, rows, { columns: 80 })).toBe(
      `REQUEST               RISK  WHO                         OPERATIONS
req_7k2m9q4t0x5c8v1n  high  support-bot                 orders-db/read-orders
                                                        orders-db/refund-order
  TICKET-1: the parcel of 東京都 is lost, and nobody knows where
req_2                 low   a-bot-with-a-very-long-na…  billing-api/read-invoice
  x ⏎ y`,
    );
    expect(table(columns, rows, { columns: 60 })).toBe(
      `REQUEST               WHO           OPERATIONS
req_7k2m9q4t0x5c8v1n  support-bot   orders-db/read-orders
                                    orders-db/refund-order
  TICKET-1: the parcel of 東京都 is lost, and nobody knows …
req_2                 a-bot-with-…  billing-api/read-invoice
  x ⏎ y`,
    );
    expect(table(columns, rows, { columns: 46 })).toBe(
      `REQUEST               OPERATIONS
req_7k2m9q4t0x5c8v1n  orders-db/read-orders
                      orders-db/refund-order
  TICKET-1: the parcel of 東京都 is lost, and…
req_2                 billing-api/read-invoice
  x ⏎ y`,
    );
  });

  test("leaves a column without any text out, and not with wide", () => {
    const empty = rows.map(([id = ""]) => [id, "", "", "", "a/b", " "]);
    expect(table(columns, empty).split("\n")[0]).toBe("REQUEST               OPERATIONS  REASON");
    const none = rows.map(([id = ""]) => [id, "", "", "", "a/b", ""]);
    expect(table(columns, none).split("\n")[0]).toBe("REQUEST               OPERATIONS");
    expect(table(columns, none, { wide: true }).split("\n")[0]).toContain("RISK  WHO  GRANT  OPERATIONS");
  });

  test("is as wide as it gets where nothing has to fit, and has all columns with wide", () => {
    expect(table(columns, rows)).toContain("nobody knows where");
    expect(table(columns, rows)).not.toContain("GRANT");
    const [header, first] = table(columns, rows, { wide: true, columns: 40 }).split("\n");
    expect(header).toContain("GRANT");
    expect(first).toContain("nobody knows where");
  });

  test("aligns what follows wide characters", () => {
    const lines = table(
      [{ name: "A" }, { name: "B" }],
      [
        ["東京", "1"],
        ["ab", "2"],
      ],
    ).split("\n");
    expect(lines).toEqual(["A     B", "東京  1", "ab    2"]);
  });

  test("is empty without rows, and pads no last column", () => {
    expect(table(columns, [])).toBe("");
    expect(
      table(
        [{ name: "A" }, { name: "B" }],
        [
          ["long", ""],
          ["", "b"],
        ],
      ),
    ).toBe("A     B\nlong\n      b");
  });

  test("lets nothing that others wrote change its looks", () => {
    expect(table([{ name: "A" }], [["\u001b[31mred\u009b2J\u202e"]])).toBe(
      String.raw`A` + "\n" + String.raw`\u001b[31mred\u009b2J\u202e`,
    );
  });

  test("has colours on a terminal alone, and not with NO_COLOR", () => {
    vi.stubEnv("TERM", "xterm");
    vi.stubEnv("NO_COLOR", "");
    expect(table(columns, rows)).not.toContain("\u001b");
    Object.defineProperty(process.stdout, "isTTY", { value: true, configurable: true });
    expect(table(columns, rows)).toContain("\u001b[31mhigh\u001b[39m  support-bot");
    expect(table(columns, rows)).toContain("\u001b[32mlow\u001b[39m   a-bot");
    vi.stubEnv("NO_COLOR", "1");
    expect(table(columns, rows)).not.toContain("\u001b");
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "dumb");
    expect(table(columns, rows)).not.toContain("\u001b");
  });
});

test("what is not known looks as the worst, and an ended thing recedes", () => {
  expect(["low", "medium", "high", "?"].map(lookOfRisk)).toEqual(["green", "yellow", "red", "red"]);
  expect(["active", "pending", "revoked", "timed out", "?"].map(lookOfState)).toEqual([
    "green",
    "yellow",
    "red",
    "dim",
    undefined,
  ]);
});
