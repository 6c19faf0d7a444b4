import { expect, test } from "vitest";
import { WireError } from "../wire/framing.ts";
import { openingProblem, startupProblem } from "./startup-problem.ts";
import type { Startup } from "./startup.ts";

const by = (method: Startup["method"]): Startup => ({ method }) as Startup;

test.each([
  ["token", true, false, undefined],
  ["secret", true, false, undefined],
  ["secret", false, true, undefined],
  ["token", false, true, "an access token is taken over TLS only"],
  ["secret", false, false, "no encryption: Mayfly is reached over TLS only"],
  ["token", false, false, "no encryption: Mayfly is reached over TLS only"],
] as const)("a %s with TLS %s, from a trusted loopback %s: %s", (method, tls, isTrustedLoopback, message) => {
  expect(startupProblem(by(method), { tls, isTrustedLoopback })?.message).toBe(message);
});

test("a client hears what it did wrong, and of a fault of the gateway's own no more than that", () => {
  expect(openingProblem(new WireError("08P01", "a bad message"))).toMatchObject({ message: "a bad message" });
  expect(openingProblem(new Error("db.internal: password wrong"))).toEqual({
    severity: "FATAL",
    code: "XX000",
    message: "the gateway could not open the session",
  });
});
