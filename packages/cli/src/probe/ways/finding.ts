/** What became of a try, and what that says of the way: nothing that leaves a doubt says "closed". */
export const outcomes = {
  /** A port without a server, or a firewall that says no. */
  refused: "closed",
  /** No answer to any SYN in time: a firewall that drops. */
  timeout: "closed",
  /** No route, or a firewall that says so; no network of that family. */
  unreachable: "closed",
  /** This host's own kernel says no. */
  denied: "closed",
  /** The name has no address here. */
  no_name: "closed",
  /** The target, or a proxy, answers that it lets nobody in this way. */
  rejected: "closed",
  /** There is no such socket. */
  absent: "closed",
  answered: "open",
  /** A connection that was taken, and cut: by the target, or by something on the way. */
  reset: "undecided",
  /** A connection that was taken, and nothing said on it. */
  silent: "undecided",
  other: "undecided",
} as const;

/** What happened. */
export type Found = keyof typeof outcomes;

/** What a try came to. */
export interface Finding {
  readonly found: Found;
  /** In words; what a server said stands in it as it came. */
  readonly detail: string;
}

const order = { open: 0, undecided: 1, closed: 2 } as const;

/** Of several findings about one way the one that leaves most open. */
export function worst(first: Finding, ...others: readonly Finding[]): Finding {
  return others.reduce(
    (one, other) => (order[outcomes[other.found]] < order[outcomes[one.found]] ? other : one),
    first,
  );
}

/** A try's end that is no connection. */
export class TryEnded extends Error {
  readonly finding: Finding;

  constructor(found: Found, detail: string) {
    super(detail);
    this.finding = { found, detail };
  }
}

/** What a system call's error says of a connection that did not come to be (connect(2), "ERRORS"). */
const codes: Readonly<Record<string, Found>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  // A host that is down, or a firewall that says so.
  EHOSTUNREACH: "refused",
  ENETUNREACH: "unreachable",
  EAFNOSUPPORT: "unreachable",
  EACCES: "denied",
  EPERM: "denied",
  ENOENT: "absent",
  ENOTDIR: "absent",
};

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to its network",
  EAFNOSUPPORT: "no network of its family here",
  EACCES: "not allowed to this account",
  EPERM: "this host's own rules forbid it",
  ENOENT: "there is none",
  ENOTDIR: "there is none",
};

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** What an error says that came instead of a connection. */
export function whyNotConnected(error: unknown): TryEnded {
  if (error instanceof TryEnded) return error;
  const code = codeOf(error);
  return new TryEnded(codes[code] ?? "other", words[code] ?? (code || "it failed"));
}

/** What an error says that came on a connection: whatever it is, somebody took the connection. */
export function whyEnded(error: unknown): TryEnded {
  if (error instanceof TryEnded) return error;
  const code = codeOf(error);
  const isCut = code === "ECONNRESET" || code === "EPIPE";
  return new TryEnded(
    isCut ? "reset" : "other",
    isCut
      ? "takes the connection, and cuts it"
      : `takes the connection, and it fails: ${code || "no reason"}`,
  );
}
