import type { Act, Case, Document } from "./case.ts";

/** The certificate that the upstream of the cases wants. */
export const ownCertificate = { certificate: "client.pem", key: { file: "client.key" } };

/**
 * Cases for the members of `client_certificate`, the same for every target that has one.
 * @param at where a member of the target stands
 * @param targetOf writes another target
 * @param secured the target, reached over TLS and without a certificate of its own
 * @param act asks an upstream that wants a certificate
 */
export function clientCertificateCases({
  at,
  targetOf,
  secured,
  act,
  refused,
}: {
  readonly at: (...member: (string | number)[]) => (string | number)[];
  readonly targetOf: (target: Document) => (document: Document) => void;
  readonly secured: Document;
  readonly act: Act;
  readonly refused: RegExp;
}): readonly Case[] {
  const withOwn = targetOf({ ...secured, client_certificate: ownCertificate });
  return [
    {
      at: at("client_certificate", "certificate"),
      narrow: "stranger.pem",
      wide: "client.pem",
      refused,
      act,
      base: withOwn,
    },
    {
      at: at("client_certificate", "key"),
      narrow: { file: "stranger.key" },
      wide: { file: "client.key" },
      refused,
      act,
      base: withOwn,
    },
  ];
}
