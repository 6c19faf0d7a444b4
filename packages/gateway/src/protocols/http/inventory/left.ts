import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import type { Endpoint, SeenItem } from "./endpoints.ts";

/** A request that nothing proposed covers. */
export interface Left {
  readonly reason: string;
  readonly seen: SeenActs;
  /** Left out: nothing covers it, or nobody can be shown what does. */
  readonly of?: { readonly endpoint: Endpoint; readonly item: SeenItem };
  /** Nothing speaks against it but how seldom it was. */
  readonly isRare?: true;
}
