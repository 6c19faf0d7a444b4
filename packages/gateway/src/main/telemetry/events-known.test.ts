import { expect, test } from "vitest";
import type { Configuration } from "../../configuration/types.ts";
import { Secret } from "../../kernel/secret.ts";
import { unknownEvents } from "./events-known.ts";

test("a pattern that no record can match is a slip, at its place", () => {
  const webhook = (events?: readonly string[]) => ({
    name: "siem",
    url: "https://siem.test",
    secret: new Secret("x"),
    ...(events === undefined ? {} : { events }),
  });
  const configuration = {
    notifications: {
      webhooks: [webhook(), webhook(["*", "request.*", "reqest.*", "grant.revokd"])],
    },
  } as unknown as Configuration;
  const problems = unknownEvents(configuration, (path) => ({ file: path.join("/"), line: 1, column: 2 }));
  expect(problems).toEqual([
    {
      file: "notifications/webhooks/1/events/2",
      line: 1,
      column: 2,
      message: "there are no records of the type reqest.*",
      hint: "did you mean request.*?",
    },
    {
      file: "notifications/webhooks/1/events/3",
      line: 1,
      column: 2,
      message: "there are no records of the type grant.revokd",
      hint: "did you mean grant.revoked?",
    },
  ]);
});
