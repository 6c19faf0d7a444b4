import { describe, expect, test } from "vitest";
import { readAnswer } from "./postgres.ts";

const who = { database: "shop", user: "support" };

function errorOf(fields: Readonly<Record<string, string>>): { type: string; body: Buffer } {
  const text = Object.entries(fields)
    .map(([letter, value]) => `${letter}${value}\0`)
    .join("");
  return { type: "E", body: Buffer.from(`${text}\0`) };
}

const rejection = {
  S: "FATAL",
  C: "28000",
  M: 'no pg_hba.conf entry for host "10.0.0.7", user "support"',
  R: "ClientAuthentication",
};

describe("a server's answer to a start-up message", () => {
  test("is closed when pg_hba.conf rejects, in whatever language", () => {
    expect(readAnswer(errorOf(rejection), who).found).toBe("rejected");
    const german = { ...rejection, M: "kein pg_hba.conf-Eintrag für Host »10.0.0.7«" };
    expect(readAnswer(errorOf(german), who).found).toBe("rejected");
  });

  test.each([
    [
      "a role that is missing, said to whoever is let in without a password",
      { R: "InitializeSessionUserId" },
    ],
    ["another state", { C: "28P01" }],
    ["a client certificate that is missing", { M: "connection requires a valid client certificate" }],
    ["a database that is missing", { C: "3D000", R: "InitPostgres" }],
    ["a pooler that knows no such user", { C: "08P01", M: "no such user", R: "" }],
  ])("is open for %s", (_, fields) => {
    expect(readAnswer(errorOf({ ...rejection, ...fields }), who).found).toBe("answered");
  });

  test.each(["53300", "57P01", "57P02", "57P03"])("is undecided while the server takes nobody (%s)", (C) => {
    expect(readAnswer(errorOf({ ...rejection, C }), who).found).toBe("other");
  });

  test.each([
    [0, "lets this host in without any password"],
    [3, "asks for a password"],
    [10, "asks for a password (SCRAM)"],
    [99, "asks who it is"],
  ])("is open for the request %i", (kind, words) => {
    const body = Buffer.alloc(4);
    body.writeInt32BE(kind);
    expect(readAnswer({ type: "R", body }, who)).toEqual({
      found: "answered",
      detail: `PostgreSQL ${words}, as support`,
    });
  });
});
