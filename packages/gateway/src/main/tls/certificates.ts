import { createSecureContext, type SecureContext } from "node:tls";
import type { Configuration } from "../../configuration/types.ts";
import type { Clock } from "../../kernel/clock.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { localCertificates } from "./local-ca.ts";

/** What the gateway shows to its clients. */
export interface Certificates {
  readonly certificate: string;
  readonly key: string;
  /** The local CA's certificate and its file; absent when the operator brought a certificate. */
  readonly ca?: { readonly certificate: string; readonly file: string };
  readonly context: SecureContext;
}

/**
 * The certificate of a configuration: the operator's, else one of a local CA for the URL's host and the loopback.
 * @param folder where the local CA is, or is made
 * @throws MayflyError when certificate and key do not go together
 */
export async function certificatesOf(
  configuration: Configuration,
  clock: Clock,
  folder = configuration.dataFolder,
): Promise<Certificates> {
  if (configuration.tls !== undefined) {
    const { certificate, key } = {
      certificate: configuration.tls.certificate,
      key: configuration.tls.key.reveal(),
    };
    try {
      return {
        certificate,
        key,
        context: createSecureContext({ cert: certificate, key, minVersion: "TLSv1.2" }),
      };
    } catch (error) {
      throw new MayflyError(
        "tls_unusable",
        `the certificate and key of tls: cannot be used: ${messageOf(error)}`,
        {
          hint: "both are PEM; the key belongs to the first certificate of the chain",
        },
      );
    }
  }
  const host = new URL(configuration.url).hostname.replace(/^\[|\]$/g, "");
  const hosts = [...new Set([host, "localhost", "127.0.0.1"])];
  const made = await localCertificates(folder, hosts, clock.wall());
  return {
    certificate: made.certificate,
    key: made.key,
    ca: { certificate: made.ca, file: made.caFile },
    context: createSecureContext({ cert: made.certificate, key: made.key, minVersion: "TLSv1.2" }),
  };
}
