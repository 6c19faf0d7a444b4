import { expect, it } from "vitest";
import { notificationResponse } from "./notification.ts";
import type { BackendState } from "./state.ts";

const state = { options: { hears: (channel: string) => channel === "caf\u00e9" } } as unknown as BackendState;

function message(body: string): Buffer {
  const text = Buffer.from(body, "utf8");
  const head = Buffer.alloc(9);
  head.write("A");
  head.writeInt32BE(8 + text.length, 1);
  return Buffer.concat([head, text]);
}

const taken = (bytes: Buffer): Buffer | undefined => notificationResponse(state, bytes, 0, bytes.length);

it("goes on as it came from a channel that is granted", () => {
  expect(taken(message("caf\u00e9\0payload\0"))).toBeUndefined();
  expect(taken(message("caf\u00e9\0\0"))).toBeUndefined();
});

it("goes no further from any other", () => {
  for (const channel of ["caf", "caf\u00e9s", "", "CAF\u00c9"])
    expect(taken(message(`${channel}\0payload\0`))).toEqual(Buffer.alloc(0));
});

it.each(["", "caf\u00e9", "caf\u00e9\0", "caf\u00e9\0payload", "caf\u00e9\0payload\0more\0"])(
  "is the session's end where it is malformed: %j",
  (body) => {
    expect(() => taken(message(body))).toThrow("malformed");
  },
);
