import type { ServerMetadata } from "openid-client";
import type { Clock } from "../../../kernel/clock.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { trustedUrl } from "../../provider/discovery.ts";
import { DocumentFailure } from "../../provider/document.ts";
import type { FetchDocument } from "../../provider/document.ts";
import { SignInRefused } from "../problems.ts";
import type { OidcSettings } from "../../../kernel/oidc-settings.ts";

/** How long a discovery document is used before it is fetched again, milliseconds. */
const DEFAULT_MAX_AGE_MS = 3_600_000;

/**
 * Returns the provider's metadata, fetched when it is needed and kept for an hour.
 * @param maxAge maximum age, milliseconds, where an hour is too old
 */
export type ProviderMetadata = (maxAge?: number) => Promise<ServerMetadata>;

/** The members that are used; all others are ignored. */
const urls = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;
const optionalUrls = ["userinfo_endpoint", "end_session_endpoint"] as const;

/**
 * @throws (the result does) SignInRefused provider_away when the document cannot be had or is not the issuer's own.
 * A failure is not remembered: the next sign-in asks again. Simultaneous sign-ins share one request
 */
export function providerMetadata(
  settings: Pick<OidcSettings, "issuer" | "allowInsecureLoopback">,
  fetchDocument: FetchDocument,
  clock: Clock,
): ProviderMetadata {
  let known: { readonly metadata: ServerMetadata; readonly at: number } | undefined;
  let asking: Promise<ServerMetadata> | undefined;
  async function ask(): Promise<ServerMetadata> {
    try {
      const metadata = await fetchMetadata(settings, fetchDocument);
      known = { metadata, at: clock.monotonic() };
      return metadata;
    } catch (thrown) {
      throw new SignInRefused("provider_away", `discovery: ${messageOf(thrown)}`, thrown);
    } finally {
      asking = undefined;
    }
  }
  return async (maxAge = DEFAULT_MAX_AGE_MS) => {
    if (known !== undefined && clock.monotonic() - known.at < maxAge) return known.metadata;
    asking ??= ask();
    return asking;
  };
}

async function fetchMetadata(
  settings: Pick<OidcSettings, "issuer" | "allowInsecureLoopback">,
  fetchDocument: FetchDocument,
): Promise<ServerMetadata> {
  trustedUrl(settings.issuer, settings, "the issuer");
  const { value } = await fetchDocument({
    url: `${settings.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
  });
  if (typeof value !== "object" || value === null) throw new DocumentFailure("it is not a JSON object");
  const document = value as Readonly<Record<string, unknown>>;
  // OpenID Connect Discovery 1.0, section 4.3: exactly the issuer that was asked.
  if (document["issuer"] !== settings.issuer) throw new DocumentFailure("it names another issuer");
  const metadata: Record<string, unknown> = { issuer: settings.issuer };
  for (const name of urls) metadata[name] = trustedUrl(document[name], settings, name);
  for (const name of optionalUrls) {
    if (document[name] !== undefined) metadata[name] = trustedUrl(document[name], settings, name);
  }
  // RFC 9207, section 2.4: a provider that says it sends `iss` must send it every time.
  metadata["authorization_response_iss_parameter_supported"] =
    document["authorization_response_iss_parameter_supported"] === true;
  for (const name of ["token_endpoint_auth_methods_supported", "id_token_signing_alg_values_supported"]) {
    const list = document[name];
    if (Array.isArray(list)) metadata[name] = list.filter((item) => typeof item === "string");
  }
  return metadata as ServerMetadata;
}
