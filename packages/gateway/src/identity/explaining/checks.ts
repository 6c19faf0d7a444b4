import { CLOCK_SKEW_MS, type Check, type CheckContext } from "../tokens/check.ts";
import { checkAccessToken } from "../checks/access-token.ts";
import { checkAlgorithm } from "../checks/algorithm.ts";
import { checkAudience } from "../checks/audience.ts";
import { checkBinding } from "../checks/binding.ts";
import { checkEmbeddedKeys } from "../checks/embedded-keys.ts";
import { checkExpiry } from "../checks/expiry.ts";
import { checkExtensions } from "../checks/extensions.ts";
import { checkIssuedAt } from "../checks/issued-at.ts";
import { checkKeyId } from "../checks/key-id.ts";
import { checkLifetime } from "../checks/lifetime.ts";
import { checkNames } from "../checks/names.ts";
import { checkNotBefore } from "../checks/not-before.ts";
import { checkSignature } from "../checks/signature.ts";
import { checkType } from "../checks/type.ts";
import type { ReadToken } from "../tokens/token.ts";
import { kindOf, kindWords } from "./kind.ts";
import { anyOf, displayValue, displayTime } from "./display-value.ts";

/** A check of the pipeline, and how a report describes it. */
export interface DescribedCheck {
  readonly check: Check;
  readonly name: string;
  readonly expected: (context: CheckContext) => string;
  readonly found: (token: ReadToken, context: CheckContext) => string;
}

const claim =
  (name: string): DescribedCheck["found"] =>
  ({ claims }) =>
    displayValue(claims[name]);
const time =
  (name: string): DescribedCheck["found"] =>
  ({ claims }, { now }) =>
    displayTime(claims[name], now);
const members =
  (...names: readonly string[]): DescribedCheck["found"] =>
  ({ header }) => {
    const there = names.filter((name) => Object.hasOwn(header, name));
    return there.length === 0 ? "none" : there.join(", ");
  };

/** Each check of the pipeline, in the pipeline's order; a test compares the two. */
export const describedChecks: readonly DescribedCheck[] = [
  {
    check: checkAlgorithm,
    name: "algorithm",
    expected: ({ provider }) => anyOf(provider.algorithms),
    found: ({ header }) => displayValue(header["alg"]),
  },
  {
    check: checkEmbeddedKeys,
    name: "keys in the header",
    expected: () => "none",
    found: members("jku", "jwk", "x5u", "x5c"),
  },
  {
    check: checkExtensions,
    name: "extensions",
    expected: () => "none",
    found: members("crit", "b64", "enc", "zip", "cty"),
  },
  {
    check: checkType,
    name: "type",
    expected: () => "no typ, JWT or at+jwt",
    found: ({ header }) => (header["typ"] === undefined ? "no typ" : displayValue(header["typ"])),
  },
  {
    check: checkKeyId,
    name: "key id",
    expected: () => "a kid",
    found: ({ header }) => displayValue(header["kid"]),
  },
  {
    check: checkSignature,
    name: "signature",
    expected: ({ provider }) => `made with a key of ${provider.issuer}`,
    found: ({ header }) => `key ${displayValue(header["kid"])}`,
  },
  {
    check: checkAudience,
    name: "audience",
    expected: ({ provider }) => anyOf(provider.audiences),
    found: claim("aud"),
  },
  {
    check: checkExpiry,
    name: "expiry",
    expected: () => `an exp that is not past (by more than ${CLOCK_SKEW_MS / 1000} seconds)`,
    found: time("exp"),
  },
  {
    check: checkNotBefore,
    name: "not before",
    expected: () => "no nbf, or one that has come",
    found: time("nbf"),
  },
  { check: checkIssuedAt, name: "issued at", expected: () => "an iat that has come", found: time("iat") },
  {
    check: checkLifetime,
    name: "lifetime",
    expected: () => "more than nothing, at most 24 hours",
    found: ({ claims: { exp, iat } }) =>
      typeof exp === "number" && typeof iat === "number"
        ? `${Math.round((exp - iat) / 60)} minutes`
        : "no times to tell it by",
  },
  {
    check: checkAccessToken,
    name: "access token",
    expected: () => "an access token, with scopes as a list or as text",
    found: (token) => {
      const { scp, scope } = token.claims;
      return `${kindWords[kindOf(token)]}, scopes ${displayValue(scp ?? scope)}`;
    },
  },
  {
    check: checkBinding,
    name: "binding",
    expected: ({ provider }) =>
      provider.dpop === "require"
        ? "bound to a key (cnf.jkt)"
        : "bound to a key (cnf.jkt), or a bearer token",
    found: ({ claims }) =>
      Object.hasOwn(claims, "cnf") ? `cnf ${displayValue(claims["cnf"])}` : "a bearer token",
  },
  {
    check: checkNames,
    name: "names",
    expected: () => "a sub; cid, uid and client_id usable where they are there, and of one client",
    found: ({ claims }) =>
      ["sub", "cid", "uid", "client_id"]
        .flatMap((name) => (Object.hasOwn(claims, name) ? [`${name} ${displayValue(claims[name])}`] : []))
        .join(", ") || "none of them",
  },
];
