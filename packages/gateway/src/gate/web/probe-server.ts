import { connect as connectPlain, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { connectionWords } from "../../kernel/connection-words.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import type { ProbeResult } from "../protocol.ts";
import { endpointOf } from "./endpoint-of.ts";

/** How a server of HTTP is reached, as far as a look at it goes. */
export interface ProbedServer {
  readonly url: string;
  /** PEM of the CA that signed its certificate; left out: the system's. */
  readonly ca?: string | undefined;
  /** The gateway's own certificate, where the server asks for one. */
  readonly certificate?: { readonly certificate: string; readonly key: string } | undefined;
}

/** Where a URL leads, for people to read: no credential, no query, and no path, which is a secret at some hosted servers. */
export function addressOfUrl(url: string): string {
  return new URL(url).origin;
}

/** Where the settings of a server of HTTP mend what its certificate lacks. */
const REMEDIES = { ca: "the target's `ca` must name its CA" };

function problem(address: string, error: unknown): MayflyError {
  const words = connectionWords(error, REMEDIES) ?? messageOf(error);
  return new MayflyError("upstream_unreachable", `${address}: ${words}`, { status: 502 });
}

/**
 * Opens a connection to a server, with TLS and its certificate verified as for a request, and closes it. Nothing is
 * asked: which path answers without an effect, only the server knows, and its rate limits and logs are its users'. So
 * it says that the server is there and is the right one, and not that it takes the gateway's credential.
 * @param now milliseconds, monotonic
 * @throws MayflyError whose message names no credential
 */
export function probeServer(
  { url, ca, certificate }: ProbedServer,
  now: () => number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const isTls = new URL(url).protocol === "https:";
  const place = endpointOf(url);
  const address = addressOfUrl(url);
  const started = now();
  return new Promise((resolve, reject) => {
    const socket = isTls
      ? connectTls({
          ...place,
          // A name is sent, an address never (RFC 6066, section 3).
          ...(isIP(place.host) === 0 ? { servername: place.host } : {}),
          ...(ca === undefined ? {} : { ca }),
          ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
          minVersion: "TLSv1.2",
          // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
          rejectUnauthorized: true,
        })
      : connectPlain(place);
    const end = (): void => {
      signal.removeEventListener("abort", aborted);
      socket.destroy();
    };
    const aborted = (): void => {
      end();
      reject(new MayflyError("upstream_unreachable", `${address}: it does not answer`, { status: 502 }));
    };
    if (signal.aborted) {
      aborted();
      return;
    }
    signal.addEventListener("abort", aborted, { once: true });
    socket.once(isTls ? "secureConnect" : "connect", () => {
      const milliseconds = Math.round((now() - started) * 10) / 10;
      end();
      resolve({ milliseconds });
    });
    socket.on("error", (error) => {
      end();
      reject(problem(address, error));
    });
  });
}
