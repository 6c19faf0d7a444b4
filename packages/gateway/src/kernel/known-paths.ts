import { plainAddress } from "./addresses.ts";
import type { RequesterId } from "./requester.ts";

/** From where somebody comes, as far as they cannot choose it freely. */
export interface Place {
  /** The client's, as the socket knows it, in its one form. */
  readonly address: string;
  /** The thumbprint of the key that the token is bound to; left out: a bearer token. */
  readonly key?: string;
}

/** What is known of the paths beside the gateway, from where somebody asks to one connection's target. */
export type KnownPaths =
  /** When they were last probed closed, milliseconds since the epoch, and by which probe. */
  | { readonly closedAt: number; readonly probe: string }
  /** Why they are not known to be closed, in words. */
  | { readonly why: string };

/** Whose paths, and to what. */
export interface PathsAsked {
  readonly requester: RequesterId;
  readonly from: Place;
  readonly connection: string;
}

/** Looks up what probes say of them. Rejects when the store does not answer. */
export type FindPaths = (asked: PathsAsked) => Promise<KnownPaths>;

/** A place, its address in the one form in which it is compared. */
export function placeOf(address: string, key: string | undefined): Place {
  return { address: plainAddress(address) ?? address, ...(key === undefined ? {} : { key }) };
}

/** Whether somebody comes from a place. @param place undefined: from wherever @param from undefined: nobody knows */
export function isFrom(place: Place | undefined, from: Place | undefined): boolean {
  return place === undefined || (place.address === from?.address && place.key === from.key);
}
