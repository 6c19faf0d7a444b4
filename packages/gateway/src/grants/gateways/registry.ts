/** A gateway as it registers with a store that several share. */
export interface Registration {
  /** The name of its audit log: no two gateways have the same. */
  readonly name: string;
  /** Tells this run of it from every other. */
  readonly life: string;
  /** Tells its log's folder from every other, on whichever machine; see `placeOf`. */
  readonly place: string;
  /** The machine, for people. */
  readonly host: string;
  readonly version: string;
}

/** What the store knows of a gateway. Times are the store's own, milliseconds since the epoch. */
export interface RegisteredGateway extends Registration {
  /** Grows by one with every beat. */
  readonly beats: number;
  readonly startedAt: number;
  readonly seenAt: number;
}

/** All of them, at one time of the store's clock. A gateway that stopped is not among them. */
export interface Registered {
  readonly now: number;
  readonly gateways: readonly RegisteredGateway[];
}

/** The registry of the gateways that share a store. `storage/` implements it. */
export interface GatewayRegistry {
  read(): Promise<Registered>;
  /**
   * Registers, unless another run has the name.
   * @param over a run that is known to be over: its place is taken, unless it beat since
   */
  claim(me: Registration, over?: Pick<RegisteredGateway, "life" | "beats">): Promise<boolean>;
  /** Says that this run lives. @returns false when another has its name */
  beat(me: Pick<Registration, "name" | "life">): Promise<boolean>;
  /** This run is over: its name is free. */
  leave(me: Pick<Registration, "name" | "life">): Promise<void>;
}
