import { expect, test } from "vitest";
import { problemOfUrl } from "./fields.ts";

const refused = { message: "this must start with https://" };
const hint = "to try things out on this machine alone: allow_insecure_loopback: true beside it";

test.each([
  ["http://127.0.0.1:4318", false, { ...refused, hint }],
  ["http://[::1]:4318", false, { ...refused, hint }],
  ["http://127.0.0.1:4318", undefined, refused],
  ["http://collector.internal:4318", false, refused],
  ["http://127.0.0.1:4318", true, undefined],
  ["https://collector.internal:4318", false, undefined],
])("%s, where allow_insecure_loopback is %s", (url, insecureLoopback, problem) => {
  expect(problemOfUrl(url, { path: false, insecureLoopback })).toEqual(problem);
});
