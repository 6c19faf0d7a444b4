import type { Logger } from "pino";
import type { SignalServices } from "../../../api/services.ts";
import type { Configuration } from "../../../configuration/types.ts";
import type { SignalsConfiguration } from "../../../configuration/signals.ts";
import {
  createGlobalTokenRevocation,
  type GlobalTokenRevocation,
  type RememberedMessages,
} from "../../../identity/signals/global-token-revocation/global-token-revocation.ts";
import { certificateKeys } from "../../../identity/signals/certificate-keys.ts";
import {
  keptSender,
  type Discover,
  type KeptSender,
  type Sender,
  type SenderSettings,
} from "../../../identity/signals/sender.ts";
import type { SignalSink } from "../../../identity/signals/signal.ts";
import { discoverTransmitter } from "../../../identity/signals/ssf/discover.ts";
import { createSsfReceiver, type SsfReceiver } from "../../../identity/signals/ssf/receiver.ts";
import type { Fetch } from "../../../identity/provider/transport.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { readIdpMetadata } from "../../../identity/sign-in/saml/idp-metadata.ts";
import { signalServices } from "./signals.ts";

/** What the channels of a gateway are made of. */
export interface SignalChannelParts {
  readonly sink: SignalSink;
  readonly remembered: RememberedMessages;
  /** Counts a message that was refused. */
  readonly refused: SignalServices["refused"];
  readonly clock: Clock;
  readonly logger: Logger;
  /** How senders are reached; left out, over HTTP. */
  readonly fetch?: Fetch;
}

/** What the API's channels need, for one configuration. */
export interface SignalChannels {
  /** Undefined where no channel is configured. */
  readonly services: SignalServices | undefined;
  /** Stops what keeps the senders' keys. */
  close(): void;
}

/** How long a sender's keys are used while it cannot be reached, where no provider of its host says: milliseconds. */
const OUTAGE_MS = 3_600_000;

/** Makes the channels that a configuration names, and has their senders' keys fetched, so that the first message does not wait. */
export function signalChannelsOf(configuration: Configuration, parts: SignalChannelParts): SignalChannels {
  const services = signalServices(configuration, parts.sink, parts.refused);
  if (services === undefined) return { services, close: () => undefined };
  const kept: KeptSender[] = [];
  const keep = (issuer: string, discoverAt?: Discover): KeptSender => {
    const { clock, fetch } = parts;
    const sender = keptSender(senderOf(issuer, configuration), clock, {
      ...(fetch === undefined ? {} : { fetch }),
      ...(discoverAt === undefined ? {} : { discoverAt }),
    });
    kept.push(sender);
    void warm(sender, parts.logger);
    return sender;
  };
  const { globalTokenRevocation: revocation, ssf } = services.settings;
  return {
    services: {
      ...services,
      ...(revocation === undefined
        ? {}
        : { revocations: revocationsOf(revocation.clients, services, configuration, parts, keep) }),
      ...(ssf === undefined ? {} : { securityEvents: receiverOf(ssf, services, configuration, parts, keep) }),
    },
    close() {
      for (const { keys } of kept) keys.close();
    },
  };
}

/** Makes a sender, whose keys are kept until the channels are closed. */
type Keep = (issuer: string, discoverAt?: Discover) => KeptSender;

async function warm({ keys }: KeptSender, logger: Logger): Promise<void> {
  await keys.warm();
  const problem = keys.unavailable;
  if (problem !== undefined) logger.warn({ problem }, "messages of this sender cannot be verified now");
}

const endpointOf = ({ url }: Configuration, name: string): string =>
  `${url.replace(/\/+$/, "")}/v1/signals/${name}`;

/** Under which issuers a sender may name somebody: the org's hosts, and what is configured at them. */
const subjectIssuersOf = ({ settings, issuers }: SignalServices): readonly string[] => [
  ...new Set([...settings.org, ...issuers]),
];

function revocationsOf(
  clients: readonly string[],
  services: SignalServices,
  configuration: Configuration,
  { sink, remembered, clock }: SignalChannelParts,
  keep: Keep,
): GlobalTokenRevocation {
  return createGlobalTokenRevocation({
    senders: services.settings.org.flatMap((org) => [
      keep(org),
      ...samlSendersOf(org, services, configuration),
    ]),
    audiences: [endpointOf(configuration, "global-token-revocation")],
    clients,
    subjectIssuers: subjectIssuersOf(services),
    issuers: services.issuers,
    sink,
    remembered,
    clock,
  });
}

function receiverOf(
  { issuer, audience, authorization }: NonNullable<SignalsConfiguration["ssf"]>,
  services: SignalServices,
  configuration: Configuration,
  { sink, clock }: SignalChannelParts,
  keep: Keep,
): SsfReceiver {
  const { issuers } = services;
  return createSsfReceiver({
    transmitters: [
      { ...keep(issuer, discoverTransmitter), subjectIssuers: subjectIssuersOf(services), issuers },
    ],
    audiences: [audience ?? endpointOf(configuration, "ssf")],
    ...(authorization === undefined ? {} : { authorization }),
    sink,
    clock,
  });
}

/** A sender, reached as the configuration reaches the providers at its host. */
function senderOf(issuer: string, { identity }: Configuration): SenderSettings {
  const isBeside = (one: { readonly issuer: string }): boolean =>
    URL.parse(one.issuer)?.origin === URL.parse(issuer)?.origin;
  const agents = identity.agents.find(isBeside);
  const { oidc } = identity.people;
  const beside = agents ?? (oidc !== undefined && isBeside(oidc) ? oidc : undefined);
  return {
    issuer,
    outage: agents?.outage ?? OUTAGE_MS,
    ...(beside?.ca === undefined ? {} : { ca: beside.ca }),
    allowInsecureLoopback: beside?.allowInsecureLoopback ?? false,
  };
}

/** A SAML app's revocations are signed with the key of its assertions, which its metadata holds and the org does not publish. */
function samlSendersOf(
  org: string,
  { issuers }: SignalServices,
  { identity }: Configuration,
): readonly Sender[] {
  const { saml } = identity.people;
  if (saml === undefined) return [];
  const { entityId, certificates } = readIdpMetadata(saml.metadata);
  if (!issuers.includes(entityId)) return [];
  return certificates.map((pem) => ({ issuer: org, keys: certificateKeys(pem) }));
}
