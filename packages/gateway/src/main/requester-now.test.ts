import { describe, expect, test } from "vitest";
import type { IdentityConfiguration } from "../configuration/types.ts";
import type { Requester } from "../grants/types.ts";
import { requesterNow } from "./requester-now.ts";

const issuer = "https://okta.example/oauth2/a";
const configured = (groups: readonly string[] | undefined, by = issuer): IdentityConfiguration =>
  ({
    agents: [
      { issuer: by, directory: new Map(groups === undefined ? [] : [["bot", { name: "bot", groups }]]) },
    ],
  }) as unknown as IdentityConfiguration;
const requester = (groups: readonly string[]): Requester => ({
  kind: "agent",
  issuer,
  subject: "bot",
  client: "bot",
  name: "bot",
  groups,
  actors: [],
});

describe("a grant's holder after a reload", () => {
  test("who had groups from the directory has what it says now", () => {
    expect(requesterNow(requester(["a", "b"]), configured(["b", "a"]), configured(["b"]))?.groups).toEqual([
      "b",
    ]);
  });
  test("who has left the directory has no group", () => {
    expect(requesterNow(requester(["a"]), configured(["a"]), configured(undefined))?.groups).toEqual([]);
  });
  test("groups that came in a token stay", () => {
    expect(requesterNow(requester(["x"]), configured(["a"]), configured(["b"]))?.groups).toEqual(["x"]);
    expect(requesterNow(requester(["x"]), configured(undefined), configured(undefined))?.groups).toEqual([
      "x",
    ]);
  });
  test("an issuer that is no longer trusted leaves nobody", () => {
    expect(
      requesterNow(requester(["a"]), configured(["a"]), configured(["a"], "https://other.example")),
    ).toBeUndefined();
  });
});
