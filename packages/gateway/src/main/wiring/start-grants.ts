import type { AnyProtocol } from "../../gate/protocol.ts";
import type { GrantObserver } from "../../grants/observer.ts";
import { createGrants } from "../../grants/service.ts";
import { closedPaths } from "../../probes/closed-paths.ts";
import { rulesOf } from "../load.ts";
import type { Boot, InForce } from "./boot.ts";
import { providerHolder } from "./identity/provider-holder.ts";
import type { IdentityServices } from "./identity/identity-services.ts";
import { endpointsOf } from "./probed-connections.ts";
import type { Records } from "./records.ts";

/** Grants as `main` holds them. */
export type GrantService = ReturnType<typeof createGrants>;

/** Starts the grants: those that are live go on, those whose time is over end. */
export async function startGrants(
  { clock, logger, onStop }: Boot,
  inForce: InForce,
  { audit, reader, journal, store, presence }: Records,
  { identity, cutOffs, known }: IdentityServices,
  protocols: readonly AnyProtocol[],
  observer: GrantObserver,
): Promise<GrantService> {
  const grants = createGrants({
    observer,
    trail: {
      id: audit.id,
      first: audit.first,
      written: audit.written,
      read: (seq, limit) => reader.read(seq, limit),
      scan: (seq, limit, wanted) => reader.scan(seq, limit, wanted),
    },
    journal,
    tell: (message) => logger.warn({ problem: message }, "grants"),
    watchHolder: (holder, withdrawn) => {
      // Also of a grant that was on its way, or that another gateway gave, when the provider ended its holder.
      const saidAt = providerHolder(holder, inForce.adopted.configuration.identity);
      const cut = cutOffs.reasonAgainst(saidAt, holder.groupsAsOf);
      if (cut !== undefined) withdrawn(cut);
      return identity.watch(holder, (reason, kind) => {
        if (kind === "withdrawn") withdrawn(reason);
      });
    },
    store: store.grants,
    unsound: () => presence?.unavailable,
    log: audit.log,
    clock,
    rules: rulesOf(inForce.adopted, protocols, known),
    findPaths: closedPaths({
      store: store.probes,
      endpointsOf: (connection) => endpointsOf(connection, inForce.adopted.configuration, protocols),
      now: () => clock.wall(),
    }),
    history: (of) => reader.actsOf(of),
    ...(inForce.adopted.configuration.store.kind === "sqlite" ? { poll: false } : {}),
  });
  onStop(() => grants.stop());
  await grants.start();
  return grants;
}
