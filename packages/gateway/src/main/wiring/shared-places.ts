import type { GateParts } from "../../gate/parts.ts";
import type { Records } from "./records.ts";

/** Where gateways that share a store count sessions together; of one that has its store for itself, nothing. */
export function sharedPlacesOf({ store: { places }, presence }: Records): Partial<GateParts> {
  return places === undefined || presence === undefined
    ? {}
    : { sharedPlaces: { store: places, life: presence.life } };
}
