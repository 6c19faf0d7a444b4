/** What the page's address holds: which emergencies are listed; left out: those that nobody has reviewed. */
export interface EmergenciesSearch {
  readonly show?: "reviewed";
}

/** Reads the page's address; what is no list is left out. */
export function readSearch({ show }: Readonly<Record<string, unknown>>): EmergenciesSearch {
  return show === "reviewed" ? { show } : {};
}
