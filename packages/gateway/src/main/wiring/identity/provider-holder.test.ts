import type { Holder } from "../../../kernel/requester.ts";
import { expect, test } from "vitest";
import type { IdentityConfiguration } from "../../../configuration/types.ts";
import { concerns } from "../../../identity/signals/subjects.ts";
import { providerHolder } from "./provider-holder.ts";

const issuer = "https://example.okta.com";
const identity = {
  people: { oidc: { issuer, clientId: "0oaconsole" } },
} as unknown as IdentityConfiguration;
const rosa: Holder = {
  kind: "person",
  issuer,
  subject: "rosa@example.com",
  uid: "00uROSA",
  client: "mayfly-console",
  actors: [],
};

test("what a person holds through the console ends with their assignment to its client, and with the client", () => {
  const unassigned = {
    subject: { kind: "user", uid: "00uROSA" },
    through: "0oaconsole",
    issuers: [issuer],
  } as const;
  const deactivated = { subject: { kind: "client", client: "0oaconsole" }, issuers: [issuer] } as const;
  for (const about of [unassigned, deactivated]) {
    expect(concerns(about, rosa)).toBe(false);
    expect(concerns(about, providerHolder(rosa, identity))).toBe(true);
    expect(concerns({ ...about, issuers: ["https://other.example"] }, providerHolder(rosa, identity))).toBe(
      false,
    );
  }
  const elsewhere: Holder[] = [
    { ...rosa, client: "0oacli" },
    { ...rosa, issuer: "http://www.okta.com/exk1" },
  ];
  for (const holder of elsewhere) expect(providerHolder(holder, identity)).toBe(holder);
});
