import { describe, expect, test } from "vitest";
import type { IdentityConfiguration } from "../configuration/types.ts";
import type { Requester } from "../grants/types.ts";
import { requesterNow } from "./requester-now.ts";

const issuer = "https://okta.example/oauth2/a";
const configured = (
  groups: readonly string[] | undefined,
  owner?: string,
  by = issuer,
): IdentityConfiguration =>
  ({
    agents: [
      {
        issuer: by,
        directory: new Map(groups === undefined ? [] : [["bot", { name: "bot", groups, owner }]]),
      },
    ],
  }) as unknown as IdentityConfiguration;
const requester = (groups: readonly string[], more: Partial<Requester> = {}): Requester => ({
  kind: "agent",
  issuer,
  subject: "bot",
  client: "bot",
  name: "bot",
  groups,
  groupsFrom: "directory",
  actors: [],
  ...more,
});

describe("a grant's holder as a configuration knows them", () => {
  test("who had groups from the directory has what it says now", () => {
    expect(requesterNow(requester(["a", "b"]), configured(["b"]))?.groups).toEqual(["b"]);
  });
  test("also when the directory has changed more than once since", () => {
    expect(requesterNow(requester(["a", "b"]), configured(undefined))?.groups).toEqual([]);
  });
  test("who has left the directory has no group", () => {
    expect(requesterNow(requester(["a"]), configured(undefined))?.groups).toEqual([]);
  });
  test("groups that came in a token stay, also those that the directory happens to name", () => {
    const claimed = { groupsFrom: "token" } as const;
    expect(requesterNow(requester(["x"], claimed), configured(["b"]))?.groups).toEqual(["x"]);
    expect(requesterNow(requester(["x"], claimed), configured(undefined))?.groups).toEqual(["x"]);
    expect(requesterNow(requester(["x"], { ...claimed, kind: "person" }), configured([]))?.groups).toEqual([
      "x",
    ]);
  });
  test("groups of which it is not known where they are from are the directory's", () => {
    const { groupsFrom: _, ...old } = requester(["a"]);
    expect(requesterNow(old, configured([]))?.groups).toEqual([]);
  });
  test("what an earlier version took for an agent's groups is the person's, and counts no longer", () => {
    const taken = { groupsFrom: "token", subject: "rosa@example.com" } as const;
    const person = { issuer, subject: "rosa@example.com" };
    expect(requesterNow(requester(["leads"], { ...taken, person }), configured(["b"]))?.groups).toEqual([
      "b",
    ]);
    const acts = requester(["leads"], { ...taken, actors: ["bot"] });
    expect(requesterNow(acts, configured(undefined))?.groups).toEqual([]);
  });
  test("the owner is the one that the directory names now", () => {
    const owned = requester(["a"], { owner: "before@example.com" });
    expect(requesterNow(owned, configured(["a"], "after@example.com"))?.owner).toBe("after@example.com");
    expect(requesterNow(owned, configured(["a"]))).not.toHaveProperty("owner");
  });
  test("an issuer that is not trusted leaves nobody", () => {
    const other = configured(["a"], undefined, "https://other.example");
    expect(requesterNow(requester(["a"]), other)).toBeUndefined();
  });
});
