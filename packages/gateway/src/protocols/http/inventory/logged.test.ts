import { expect, test } from "vitest";
import { loggedAct } from "./logged.ts";
import { readSeenRequest } from "./request.ts";

const request = { method: "POST", target: "/a?b" };

test.each([
  [{}, "POST /a?b", { body: undefined, upgrade: undefined }],
  [{ bodyBytes: 0 }, "POST /a?b", { body: undefined }],
  [{ bodyBytes: 7 }, "POST /a?b\ncontent-length: 7", { body: 7 }],
  [{ upgrade: "websocket" }, "POST /a?b\nupgrade: websocket", { upgrade: "websocket" }],
])("%j is read back", (more, act, read) => {
  expect(loggedAct({ ...request, ...more })).toBe(act);
  expect(readSeenRequest(act)).toMatchObject({ ...request, ...read });
});
