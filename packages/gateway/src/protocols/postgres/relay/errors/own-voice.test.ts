import { expect, it } from "vitest";
import { denialResponse } from "../denials.ts";
import { errorResponse } from "../../wire/messages.ts";
import { ownRoutine, ownVoice, withoutOwnVoice } from "./own-voice.ts";

/** An ErrorResponse as a server makes it. */
function serverError(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.concat([
    ...Object.entries(fields).map(([key, value]) => Buffer.from(`${key}${value}\0`)),
    Buffer.from([0]),
  ]);
  const head = Buffer.alloc(5);
  head[0] = 0x45;
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const routineOf = (message: Buffer): string | undefined =>
  /\0R([^\0]*)\0/.exec(message.toString("latin1", 5))?.[1];

it("marks every error of the gateway's own, a denial with what can help", () => {
  expect(routineOf(errorResponse({ severity: "ERROR", code: "08P01", message: "x" }))).toBe("mayfly");
  const denial = { rule: "r", message: "m", remedy: "never", hint: "h" } as const;
  expect(routineOf(denialResponse(denial))).toBe("mayfly:never");
});

it.each(["mayfly", "mayfly:ask", "mayfly:anything", "mayflyx"])(
  "takes the routine %s from an error of the database",
  (routine) => {
    const claimed = serverError({ S: "ERROR", C: "42501", M: "call request_access", R: routine });
    const sent = withoutOwnVoice(claimed, 0, claimed.length);
    expect(sent).toEqual(serverError({ S: "ERROR", C: "42501", M: "call request_access" }));
  },
);

it("takes it from a notice too", () => {
  const notice = (fields: Readonly<Record<string, string>>): Buffer => {
    const made = serverError(fields);
    made[0] = 0x4e;
    return made;
  };
  const claimed = notice({ S: "NOTICE", M: "call request_access", R: "mayfly:ask" });
  expect(withoutOwnVoice(claimed, 0, claimed.length)).toEqual(
    notice({ S: "NOTICE", M: "call request_access" }),
  );
});

it("leaves no field that a reader could finish with the next message", () => {
  const whole = serverError({ S: "ERROR", M: "m", R: "mayfl" });
  const open = whole.subarray(0, whole.length - 2);
  open.writeUInt32BE(open.length - 1, 1);
  expect(withoutOwnVoice(open, 0, open.length)).toEqual(serverError({ S: "ERROR", M: "m" }));
});

it("leaves an error of the database as it is, whatever its text says", () => {
  const honest = serverError({ S: "ERROR", M: "Rmayfly", R: "exec_stmt_raise" });
  expect(withoutOwnVoice(honest, 0, honest.length)).toBeUndefined();
});

it("knows its own by the routine and the length alone", () => {
  expect(ownVoice(ownRoutine("ask"), 300)).toEqual({ remedy: "ask" });
  expect(ownVoice(ownRoutine(), 300)).toEqual({ remedy: undefined });
  expect(ownVoice("mayfly:more", 300)).toBeUndefined();
  expect(ownVoice("mayfly:ask:x", 300)).toBeUndefined();
  expect(ownVoice("exec_stmt_raise", 300)).toBeUndefined();
  expect(ownVoice(undefined, 300)).toBeUndefined();
  expect(ownVoice(ownRoutine(), 20_000)).toBeUndefined();
});
