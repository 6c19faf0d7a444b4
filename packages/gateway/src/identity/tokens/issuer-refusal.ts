import { IdentityError } from "../error.ts";

/**
 * The refusal of a token whose issuer is not one of those configured. An org has several hosts, its own and custom domains, and
 * one authorization server is a different issuer at each: whoever compares the texts by eye takes them for one.
 */
export function issuerRefusal(issuer: unknown, configured: readonly string[]): IdentityError {
  const known = elsewhere(issuer, configured);
  return new IdentityError(
    "token_issuer",
    known === undefined
      ? "the access token's issuer is not trusted here"
      : "the access token's issuer is not trusted here: one with the same path is, at another host",
    known === undefined
      ? "get the access token from the custom authorization server that this gateway is configured for; the issuer is compared exactly"
      : `this gateway knows it as ${known}: get the token at that host; or, if both hosts are one org's, set Issuer in the authorization server's Settings to a fixed URL (Dynamic follows the host that was asked), or configure the other host as a second provider in identity.agents`,
  );
}

/** The configured issuer that differs in nothing but its host. */
function elsewhere(issuer: unknown, configured: readonly string[]): string | undefined {
  const given = typeof issuer === "string" ? URL.parse(issuer) : null;
  if (given === null || !/\/oauth2\/./.test(given.pathname)) return undefined;
  return configured.find((one) => {
    const known = URL.parse(one);
    return known !== null && known.host !== given.host && known.pathname === given.pathname;
  });
}
