/** What a gateway of another version left behind: `scripts/save-state.ts` makes it. */
export interface SavedState {
  /** When it stopped, milliseconds since the epoch. */
  readonly at: number;
  readonly live: SavedAccess;
  readonly released: SavedAccess;
  /** A request that waits for a person, and one that was refused. */
  readonly waiting: string;
  readonly refused: string;
}

/** A grant, and the variables that lead through it. */
export interface SavedAccess {
  readonly grant: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Where the provider and the database of a saved state listen: below the ports that a system hands out by itself. */
export const savedPorts = { provider: 21_743, database: 21_744 } as const;
