import { documentFetcher } from "../provider/document.ts";
import type { FetchDocument } from "../provider/document.ts";
import type { Clock } from "../../kernel/clock.ts";
import { discover } from "../provider/discovery.ts";
import { providerKeys } from "../tokens/keys.ts";
import type { ProviderKeys, VerificationKeys } from "../tokens/keys.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import { providerFetch } from "../provider/transport.ts";
import type { Fetch } from "../provider/transport.ts";

/** A signer of messages to the gateway: an Okta org under one of its hosts, or another transmitter. */
export interface SenderSettings {
  /** `iss` of its messages, compared exactly. */
  readonly issuer: string;
  /** How long its keys are used while it cannot be reached, milliseconds. */
  readonly outage: number;
  /** PEM of the CA that signed its certificate, where it is not a public one. */
  readonly ca?: string;
  /** Allows an http issuer on the loopback address. */
  readonly allowInsecureLoopback: boolean;
}

/** A sender whose signatures can be verified. */
export interface Sender {
  readonly issuer: string;
  readonly keys: VerificationKeys;
}

/** A sender with its fetched and cached keys. */
export interface KeptSender extends Sender {
  readonly keys: ProviderKeys;
}

/** Fetches the document with the address of a sender's keys; left out: OpenID Connect's discovery document. */
export type Discover = typeof discover;

/** A sender in the form that signature checks need; the rules for access tokens do not apply to it. */
export function asProvider({ issuer, outage, ca, allowInsecureLoopback }: SenderSettings): TrustedProvider {
  return {
    issuer,
    audiences: [],
    groupsClaim: "",
    algorithms: ["RS256", "ES256"],
    directory: new Map(),
    outage,
    ...(ca === undefined ? {} : { ca }),
    allowInsecureLoopback,
  };
}

/**
 * Makes a sender. `keys.warm` or the first message fetches its keys. Call `keys.close` when the sender is replaced.
 * @param fetch how it is reached; left out: over HTTP
 */
export function keptSender(
  settings: SenderSettings,
  clock: Clock,
  { fetch, discoverAt = discover }: { readonly fetch?: Fetch; readonly discoverAt?: Discover } = {},
): KeptSender {
  const fetchDocument: FetchDocument = documentFetcher(fetch ?? providerFetch(settings.ca), clock);
  return {
    issuer: settings.issuer,
    keys: providerKeys(asProvider(settings), fetchDocument, clock, discoverAt),
  };
}
