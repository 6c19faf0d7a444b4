import { createHash, timingSafeEqual } from "node:crypto";
import { type Requester, requesterKey } from "../kernel/requester.ts";
import { reportRefused, stored, tokenRefused } from "./errors.ts";
import type { KeptProbe, KeptStart, ProbeStore } from "./store.ts";

// Whether a token is good for a start, and a nonce for a report. Why one is refused only the log is told.

const TOKEN = /^(pr_[0-9a-z]{16})\.([0-9a-z]{32})$/;
const NONCE = /^[0-9a-z]{32}$/;

/** What the deadline of an offer is remembered by. */
export const offerKey = (id: string): string => `offer ${id}`;
/** What the deadline of a report is remembered by. */
export const startKey = (id: string): string => `start ${id}`;

/** What is kept of a secret. */
export const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** What a caller has proved. */
export interface Proofs {
  /** The probe that a token is good for. @throws ProbeRefused */
  readonly redeemable: (token: string) => Promise<KeptProbe>;
  /** The probe that a report is of. @throws ProbeRefused */
  readonly reportable: (
    who: Requester,
    from: { readonly address: string; readonly key: string | undefined },
    nonce: string,
  ) => Promise<{ readonly probe: KeptProbe; readonly start: KeptStart }>;
}

/** @param isOver whether a deadline has passed */
export function proofsOf(store: ProbeStore, isOver: (key: string, wall: number) => boolean): Proofs {
  async function redeemable(token: string): Promise<KeptProbe> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) throw tokenRefused("malformed");
    const probe = await stored(store.find(id));
    if (probe === undefined) throw tokenRefused("unknown");
    if (!isSame(probe.tokenDigest, digestOf(secret))) throw tokenRefused("wrong", id);
    if (probe.start !== undefined) throw tokenRefused("used", id);
    if (isOver(offerKey(id), probe.expiresAt)) throw tokenRefused("expired", id);
    return probe;
  }

  async function reportable(
    who: Requester,
    { address, key }: { readonly address: string; readonly key: string | undefined },
    nonce: string,
  ): Promise<{ readonly probe: KeptProbe; readonly start: KeptStart }> {
    if (!NONCE.test(nonce)) throw reportRefused("malformed");
    const probe = await stored(store.findByNonce(digestOf(nonce)));
    if (probe?.start === undefined) throw reportRefused("unknown");
    const { id, start, isReported } = probe;
    if (start.requester !== requesterKey(who)) throw reportRefused("other_principal", id);
    if (start.key !== key) throw reportRefused("other_key", id);
    if (start.address !== address) throw reportRefused("other_address", id);
    if (isReported) throw reportRefused("used", id);
    if (isOver(startKey(id), start.reportBy)) throw reportRefused("late", id);
    return { probe, start };
  }

  return { redeemable, reportable };
}
