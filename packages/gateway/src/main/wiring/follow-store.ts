import type { Exchange } from "../../audit/logs/exchange.ts";
import type { Grants } from "../../grants/grants.ts";
import type { CutOffs } from "../../identity/signals/cut-offs.ts";
import type { Memberships } from "../../identity/memberships/memberships.ts";
import type { StoreChanges } from "../../storage/changes.ts";

/**
 * Reads what other gateways change in the store as soon as they have: an end, a lock-down, what the provider said.
 * Without a word from the store each part still looks every second.
 * @returns stops it
 */
export function followStore(
  changes: StoreChanges,
  grants: Pick<Grants, "follow">,
  { cutOffs, memberships }: { readonly cutOffs: CutOffs; readonly memberships: Memberships },
  logs?: Pick<Exchange, "heard">,
): () => Promise<void> {
  return changes.listen((change) => {
    switch (change.kind) {
      case "cut_offs":
        cutOffs.readNow();
        break;
      case "memberships":
        memberships.readNow();
        break;
      case "questions":
        logs?.heard();
        break;
      case "all":
        logs?.heard();
        cutOffs.readNow();
        memberships.readNow();
        grants.follow(change);
        break;
      default:
        grants.follow(change);
    }
  });
}
