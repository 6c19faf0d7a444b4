import { expect, it } from "vitest";
import { freshUrl, isTooOld, sameMethod } from "./sign-in-again.tsx";

it("asks for a proof no older than the policy wants it", () => {
  expect(freshUrl("/sign-in/oidc", 30)).toBe("/sign-in/oidc?fresh=30");
  expect(freshUrl("/sign-in/oidc?a=1", 30)).toBe("/sign-in/oidc?a=1&fresh=30");
});

it("takes the way in which somebody signed in, else the first", () => {
  const oidc = { kind: "oidc", label: "Okta", url: "/sign-in/oidc" } as const;
  const saml = { kind: "saml", label: "Okta (SAML)", url: "/sign-in/saml" } as const;
  expect(sameMethod([oidc, saml], "saml")).toBe(saml);
  expect(sameMethod([oidc], "saml")).toBe(oidc);
  expect(sameMethod([], "saml")).toBeUndefined();
  expect(sameMethod(undefined, "saml")).toBeUndefined();
});

it("announces a sign-in that is too old, and believes whoever comes from the provider", () => {
  const age = { authenticatedAt: 100_000, readAt: 500_000, returned: false, refused: false };
  expect(isTooOld(age, 30, 130_000)).toBe(false);
  expect(isTooOld(age, 30, 130_001)).toBe(true);
  expect(isTooOld({ ...age, authenticatedAt: undefined }, 30, 0)).toBe(true);
  // This browser's clock is ahead of the gateway's.
  expect(isTooOld({ ...age, returned: true }, 30, 510_000)).toBe(false);
  expect(isTooOld({ ...age, returned: true }, 30, 531_000)).toBe(true);
  expect(isTooOld({ ...age, returned: true, refused: true }, 30, 510_000)).toBe(true);
});
