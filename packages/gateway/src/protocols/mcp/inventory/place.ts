/** Where a text argument points to. */
export interface Place {
  readonly kind: "path" | "uri";
  /**
   * What all of the place's siblings share, without a separator at its end: `/srv/reports`, `C:/data`, `C:\data`, `~/notes`,
   * `src/lib`, `https://docs.example.com/guides`. Empty: the folder that the server works in, or no address at all.
   */
  readonly root: string;
  /** Whether the root itself was meant, alone or with what is in it; left out: only what is in it. */
  readonly takes?: "itself" | "itself and below";
  /** Why nobody should be given it unasked; left out: nothing speaks against it. */
  readonly why?: string;
}

/** The longest text that is a place, UTF-16 code units. */
export const MAX_PLACE = 1024;
