/** Whose places are counted over all gateways. */
export type PlacesOf = "grant" | "principal";

/** So many places of one grant or principal, held by one gateway. */
export interface HeldPlaces {
  readonly of: PlacesOf;
  readonly key: string;
  readonly places: number;
}

/** The places that each gateway holds, in the store that they share. Those of a gateway that is gone count for nothing. */
export interface SharedPlaces {
  /**
   * Says that a gateway holds so many from now on, all of them or none, unless that is more than there may be over all
   * gateways that live.
   * @param life the gateway's run, as registered
   * @returns whose bound is full, if one is
   */
  claim(
    life: string,
    wanted: readonly (HeldPlaces & { readonly bound: number })[],
  ): Promise<PlacesOf | undefined>;
  /** Says that a gateway holds so many, which is fewer than before. */
  settle(life: string, held: HeldPlaces): Promise<void>;
}
