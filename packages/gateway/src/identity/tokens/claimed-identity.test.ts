import { describe, expect, it } from "vitest";
import { IdentityError } from "../error.ts";
import { contradictions, faulty, forms, machines, type Claims } from "../testing/claimed-identity-cases.ts";
import { readClaimedIdentity } from "./claimed-identity.ts";

describe("every form that Okta issues", () => {
  it.each(forms)("reads %s", (_, claims, expected) => {
    expect(readClaimedIdentity(JSON.parse(JSON.stringify(claims)) as Claims)).toMatchObject(expected);
  });

  it("never takes a machine for a person", () => {
    for (const machine of machines) expect(readClaimedIdentity(machine)).toMatchObject({ hasPerson: false });
  });
});

/** Each claim missing, of another type, or disagreeing with another: what is neither form is refused. */
describe("what contradicts itself is refused", () => {
  it.each(faulty)("%s: %s", (_, __, claims) => {
    expect(() => readClaimedIdentity(claims)).toThrow(IdentityError);
  });

  it.each(contradictions)("%s", (_, claims) => {
    expect(() => readClaimedIdentity(JSON.parse(JSON.stringify(claims)) as Claims)).toThrow(IdentityError);
  });
});
