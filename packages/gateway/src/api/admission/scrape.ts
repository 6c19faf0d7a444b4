import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Secret } from "../../kernel/secret.ts";
import { isLocalScrape } from "../resources/health.ts";

/**
 * Whether a request may read the metrics, whoever sends it: it shows the operator's token for them, or none and comes from a
 * scraper on the gateway's own machine. Anybody else has to be an operator or an auditor.
 */
export function mayScrape(address: string, headers: IncomingHttpHeaders, token: Secret | undefined): boolean {
  const { authorization } = headers;
  if (authorization === undefined) return isLocalScrape(address, headers);
  const shown = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  return shown !== undefined && token !== undefined && isSame(shown, token.reveal());
}

/** In a time that says nothing about the token, its length included. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(token));
}
