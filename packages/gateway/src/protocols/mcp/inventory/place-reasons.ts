/** Why nobody should be given a place unasked. */
export const reasons = {
  ambiguous: "it can be read in two ways",
  climbs: "it climbs out of its folder",
  connects: "it says which system the server connects to",
  credentials: "its name looks like credentials",
  hidden: "it is hidden, as files with credentials often are",
  inside: "it makes the server ask an address inside its network",
  long: "it is too long for a place",
  many: "it can stand for many files",
  scheme: "only the server knows where such an address leads",
  system: "it is in the system's folders",
  user: "it has somebody's name or password in it",
  wide: "any file of the machine could be meant",
} as const;
