import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../../../audit/records.ts";
import { csvCell, csvHeader, csvRow } from "./csv.ts";

/** Reads one row as RFC 4180 says. */
function readRow(row: string): string[] {
  const cells: string[] = [];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y;
  for (let match = cell.exec(row); match !== null; match = cell.exec(row)) {
    const text = match[1] ?? "";
    cells.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    if (match[2] === "\r\n") break;
  }
  return cells;
}

const record: AuditRecord = {
  seq: 7,
  time: "2026-11-24T12:00:00.000Z",
  type: "act.denied",
  principal: {
    kind: "agent",
    issuer: "https://example.okta.com",
    subject: "0oa1",
    name: '=HYPERLINK("http://evil.example","click")',
    person: "@pat",
    actors: ["-1+1", "b"],
  },
  connection: "orders-db",
  operations: ["read-orders", "refund-order"],
  detail: { act: { sql: 'select ",\r\n' }, rule: "x" },
};

describe("CSV", () => {
  it("writes what a reader of RFC 4180 reads back", () => {
    const names = readRow(csvHeader);
    const cells = readRow(csvRow(record));
    expect(cells).toHaveLength(names.length);
    const row = Object.fromEntries(names.map((name, i) => [name, cells[i]]));
    expect(row).toMatchObject({
      seq: "7",
      type: "act.denied",
      connection: "orders-db",
      operations: "read-orders refund-order",
      request: "",
      detail: '{"act":{"sql":"select \\",\\r\\n"},"rule":"x"}',
      principal: '\'=HYPERLINK("http://evil.example","click")',
      person: "'@pat",
      actors: "'-1+1 b",
    });
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "|calc", "%0A", "\u{FEFF}=1", "＝1"])(
    "makes text of %j, which a spreadsheet would run",
    (text) => {
      expect(readRow(`${csvCell(text)}\r\n`)).toEqual([`'${text}`]);
      expect(csvCell(text).startsWith('"')).toBe(true);
    },
  );

  it("keeps every text in its cell", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 2, maxLength: 5 }), (texts) => {
        const cells = readRow(`${texts.map(csvCell).join(",")}\r\n`);
        expect(
          cells.map((cell, i) => (texts[i]?.startsWith("'") === true ? cell : cell.replace(/^'/, ""))),
        ).toEqual(texts);
      }),
    );
  });
});
