import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it, test } from "vitest";
import { decodeFields } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { withheldError, withheldNotice } from "./withheld.ts";

type Fields = Readonly<Record<string, string>>;

/** An ErrorResponse or NoticeResponse as a server sends it. */
function message(kind: number, fields: Fields): Buffer {
  const body = Buffer.from(
    `${Object.entries({ S: "ERROR", V: "ERROR", ...fields })
      .map(([name, value]) => `${name}${value}\0`)
      .join("")}\0`,
  );
  const head = Buffer.alloc(5);
  head[0] = kind;
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function fieldsOf(bytes: Buffer): Fields {
  const parts = bytes.toString("utf8", 5, bytes.length - 2).split("\0");
  return Object.fromEntries(parts.map((part) => [part.slice(0, 1), part.slice(1)]));
}

function told(fields: Fields, isBind = false): Fields {
  const bytes = message(type.errorResponse, fields);
  const padded = Buffer.concat([Buffer.from("before"), bytes]);
  return fieldsOf(withheldError(padded, 6, padded.length, isBind, (table) => table === "shop.granted"));
}

/** What the server says beside the message, each with something hidden in it. */
const quoting: Fields = {
  D: "Failing row contains (1, 078-05).",
  H: "Perhaps ssn",
  s: "shop",
  t: "hidden",
  c: "ssn",
  d: "ssn_type",
  n: "ssn_check",
  F: "int.c",
  L: "10",
  R: "pg_strtoint32",
};

describe("an error while something is hidden", () => {
  it.each([
    { C: "22P02", M: 'invalid input syntax for type integer: "078-05"' },
    { C: "22003", M: 'value "078-05" is out of range for type integer' },
    { C: "22008", M: 'date/time field value out of range: "078-05"' },
    { C: "23502", M: 'null value in column "ssn" of relation "hidden" violates not-null constraint' },
    { C: "23505", M: 'duplicate key value violates unique constraint "ssn_078-05"' },
    { C: "44000", M: 'new row violates check option for view "ssn"' },
    { C: "P0001", M: "ssn is 078-05", W: "PL/pgSQL function f() line 1 at RAISE" },
    { C: "57014", M: "ssn is 078-05", W: "PL/pgSQL function f() line 1 at RAISE" },
    { C: "22012", M: "ssn is 078-05", W: "PL/pgSQL function f() line 1 at RAISE" },
    { C: "22003", M: "integer out of range", W: "SQL function ssn statement 1" },
    { C: "42703", M: 'column "ssn" does not exist', q: "select ssn", p: "8", W: "PL/pgSQL function f()" },
    { C: "42703", M: 'column "ssn" does not exist', P: "8", W: 'SQL function "f" during inlining' },
    { C: "42501", M: "permission denied for table hidden" },
    { C: "55000", M: 'cannot update view "ssn"' },
    { C: "54000", M: 'index row size 2784 exceeds btree version 4 maximum 2704 for index "ssn_idx"' },
    { C: "55P03", M: 'could not obtain lock on row in relation "hidden"' },
    { C: "53100", M: 'could not extend file "base/5/078.1": No space left on device' },
    { C: "XX000", M: "ssn 078-05" },
    { C: "F0000", M: "ssn 078-05" },
  ])("says nothing of the server's: $C $M", (fields) => {
    const said = told({ ...quoting, ...fields });
    expect(said).toMatchObject({ S: "ERROR", V: "ERROR", C: fields.C });
    expect(JSON.stringify(said)).not.toMatch(/ssn|078|hidden/);
    expect(said["M"]).not.toBe("");
    expect(Object.keys(said).toSorted().join("")).toBe("CHMSV");
  });

  it.each([
    { C: "42601", M: 'syntax error at or near "frm"', P: "10" },
    { C: "42703", M: 'column "naem" does not exist', P: "8" },
    { C: "22P02", M: 'invalid input syntax for type integer: "abc"', P: "8" },
    { C: "22012", M: "division by zero" },
    { C: "22003", M: "integer out of range" },
    { C: "22001", M: "value too long for type character varying(10)" },
    { C: "57014", M: "canceling statement due to statement timeout" },
    { C: "55P03", M: "canceling statement due to lock timeout" },
    { C: "54001", M: "stack depth limit exceeded" },
    { C: "40001", M: "could not serialize access due to concurrent update" },
    { C: "25P02", M: "current transaction is aborted, commands ignored until end of transaction block" },
    { C: "42601", M: "cannot insert multiple commands into a prepared statement" },
    { C: "26000", M: 'prepared statement "p" does not exist' },
  ])("keeps the message of $C $M, and none of the other fields", (fields) => {
    const said = told({ ...quoting, ...fields });
    expect(said).toEqual({ S: "ERROR", V: "ERROR", ...fields });
  });

  it("names a table that is granted", () => {
    const said = told({ ...quoting, C: "23502", M: "null value in ssn", t: "granted" });
    expect(said).toMatchObject({ s: "shop", t: "granted" });
    expect(JSON.stringify(said)).not.toMatch(/ssn|078/);
  });

  it("quotes a parameter that the client itself has bound, where its type's input alone has refused it", () => {
    const fields = { ...quoting, C: "22P02", M: 'invalid input syntax for type integer: "abc"' };
    expect(told({ ...fields, W: "unnamed portal parameter $1" }, true)["M"]).toContain("abc");
    expect(told({ ...fields, W: "unnamed portal parameter $1 = 'it''s\n'" }, true)["M"]).toContain("abc");
    expect(told(fields, true)["M"]).toContain("abc");
    expect(told({ ...fields, W: "unnamed portal parameter $1\nSQL function f" }, true)["M"]).not.toContain(
      "abc",
    );
    expect(told({ ...fields, W: "unnamed portal parameter $1 = 'a'\nf'" }, true)["M"]).not.toContain("abc");
    expect(told({ ...fields, W: "PL/pgSQL function f()" }, true)["M"]).not.toContain("abc");
    expect(told(fields)["M"]).not.toContain("abc");
  });

  test("no field that it does not know ever goes on", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[A-Za-z]$/), fc.constant("078-05")),
        fc.boolean(),
        (fields, isBind) => {
          const said = told(
            { ...fields, C: "22P02", W: "PL/pgSQL function f()", S: "ERROR", V: "ERROR" },
            isBind,
          );
          expect(JSON.stringify(said)).not.toContain("078");
        },
      ),
    );
  });

  it("keeps nothing of a field that has no end", () => {
    const bytes = message(type.errorResponse, { C: "23502", M: "m", D: "078-05" });
    const cut = withheldError(bytes, 0, bytes.length - 4, false, () => true);
    expect(cut.toString("latin1")).not.toContain("078");
    expect(decodeFields(cut, 5, cut.length)).toMatchObject({ code: "23502" });
  });
});

it("lets notices through that quote nothing, without their details, and drops the others", () => {
  const notice = (fields: Fields): Buffer => {
    const bytes = message(type.noticeResponse, { S: "NOTICE", V: "NOTICE", ...fields });
    return withheldNotice(bytes, 0, bytes.length);
  };
  const known = notice({ ...quoting, C: "25001", M: "there is already a transaction in progress" });
  expect(fieldsOf(known)).toEqual({
    S: "NOTICE",
    V: "NOTICE",
    C: "25001",
    M: "there is already a transaction in progress",
  });
  expect(notice({ C: "00000", M: "ssn 078-05" })).toHaveLength(0);
  expect(notice({ C: "25001", M: "ssn 078-05", W: "PL/pgSQL function f()" })).toHaveLength(0);
});
