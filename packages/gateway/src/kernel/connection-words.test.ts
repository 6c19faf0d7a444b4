import { expect, test } from "vitest";
import { connectionWords } from "./connection-words.ts";

const failed = (code: string): Error => Object.assign(new Error(`message of ${code}`), { code });
const remedies = { ca: "name its CA", name: "use its name" };

test.each([
  ["ECONNREFUSED", "nothing listens there (ECONNREFUSED)"],
  ["CERT_HAS_EXPIRED", "its certificate has expired (CERT_HAS_EXPIRED)"],
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "its certificate is signed by itself, and by no CA that is trusted here (DEPTH_ZERO_SELF_SIGNED_CERT): name its CA",
  ],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "its certificate comes from a CA that is not trusted here (UNABLE_TO_VERIFY_LEAF_SIGNATURE): name its CA",
  ],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID): use its name",
  ],
  ["constructor", undefined],
  ["EPROTO", undefined],
])("%s", (code, words) => {
  expect(connectionWords(failed(code), remedies)).toBe(words);
});

test("without remedies it is only said what is the matter", () => {
  expect(connectionWords(failed("ERR_TLS_CERT_ALTNAME_INVALID"))).toBe(
    "its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)",
  );
  expect(connectionWords("ECONNRESET")).toBeUndefined();
});
