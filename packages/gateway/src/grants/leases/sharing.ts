import { randomUUID } from "node:crypto";
import type { Core } from "../core.ts";

/** The renewals that one gateway has heard. */
export interface SharedRenewals {
  /** Which gateway. */
  readonly gateway: string;
  /** Differs for each message. */
  readonly beat: string;
  /** Milliseconds from the renewal to this message, by grant. */
  readonly ages: Readonly<Record<string, number>>;
}

/** Shares lease renewals between the gateways of one store. */
export interface LeaseSharing {
  /** Sends and receives: one write and one read for all leases, and no write where nothing was renewed. */
  readonly exchange: () => Promise<void>;
  /** Receives only. */
  readonly hear: () => Promise<void>;
}

/**
 * Makes it.
 *
 * A renewal costs no write: from time to time each gateway stores in one row what it has heard since the last time.
 * Another gateway's renewals count from the moment they are read, which is never too early: a gateway may consider a
 * dead task alive a little longer than the gateway that heard it, and never considers a live one dead.
 */
export function createLeaseSharing(core: Core): LeaseSharing {
  const gateway = core.logId ?? randomUUID();
  const life = randomUUID();
  let said = 0;
  const heard = new Map<string, string>();
  let isFirst = true;

  const hear = async (): Promise<void> => {
    for (const { gateway: from, beat, ages } of await core.store.renewals()) {
      if (from === gateway || heard.get(from) === beat) continue;
      heard.set(from, beat);
      // What stands there at the start may be of any age.
      if (isFirst) continue;
      for (const [grant, age] of Object.entries(ages)) core.leases.renewedElsewhere(grant, age);
    }
    isFirst = false;
  };
  return {
    hear,
    async exchange() {
      const renewed = core.leases.drainRenewed();
      if (renewed.length > 0) {
        said += 1;
        const ages = Object.fromEntries(renewed.map(({ grant, age }) => [grant, Math.round(age)]));
        await core.store.tellRenewals({ gateway, beat: `${life} ${said}`, ages });
      }
      await hear();
    },
  };
}
