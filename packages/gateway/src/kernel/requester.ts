/** Someone named by an issuer. Two are the same when both fields are equal, never by name or e-mail. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

/** A person, by whatever a provider says of them. */
export interface NamedPerson extends Subject {
  /** The provider's own id of the person (Okta's `uid`), which no renaming changes. */
  readonly uid?: string;
}

/** The person behind an agent that acts for one. */
export interface PersonBehind extends NamedPerson {
  /** The person's groups, where the token says them. They never stand in for the agent's. */
  readonly groups?: readonly string[];
}

/** What distinguishes one requester from another. */
export interface RequesterId extends Subject {
  readonly kind: "agent" | "person";
  /**
   * The OAuth client that presented the token (Okta's `cid`). For an agent it is the agent; `subject` of a
   * delegated token is the person, or the machine that it acts for.
   */
  readonly client: string;
}

/** Whoever holds a grant, a session or a request, with every name by which a signal of the provider may mean them. */
export interface Holder extends RequesterId, NamedPerson {
  /** Where `uid` is SAML's NameID: that may be a login, and is another name than the one the provider's events have. */
  readonly uidFrom?: "name_id";
  /** The person behind an agent that acts for one. */
  readonly person?: PersonBehind;
  /** The `act` chain's subjects, nearest actor first (RFC 8693, section 4.1). */
  readonly actors: readonly string[];
}

/** Who asks for access and holds it: an agent (a service app, or a tool acting for a person) or a person. */
export interface Requester extends Holder {
  /** For people to read: the directory's name, the login, or the client id. Never compared. */
  readonly name: string;
  /** The person answerable for an agent, as the directory names them (a login). */
  readonly owner?: string;
  /**
   * Everybody else who answers for it: the owners that Okta names for the agent, by id and by mail address, where Okta
   * was asked; and the owners of the agents in its chain (`agentsInChain`).
   */
  readonly owners?: readonly string[];
  /** The requester's own groups in force: from the token's claim, the directory or Okta's API. May be empty. */
  readonly groups: readonly string[];
  /**
   * The source of the groups. A new configuration may change those of a directory, the next answer those of Okta's API;
   * those of a token stay. Left out: the directory.
   */
  readonly groupsFrom?: "token" | "directory" | "okta";
  /**
   * Why an agent's groups are unknown, when Okta could not be asked. Nothing new is granted to the agent then; its
   * grants end by other rules. Never stored.
   */
  readonly groupsUnknown?: string;
  /** When the provider said these groups, and those of the person (a token's `iat`, Okta's answer), ms since the epoch. */
  readonly groupsAsOf?: number;
}

/**
 * The key by which requesters are compared and indexed: kind, issuer, subject and client, never a name. An agent that
 * acts for a person has a key per person, because `subject` is then the person's.
 */
export function requesterKey({ kind, issuer, subject, client }: RequesterId): string {
  return JSON.stringify([kind, issuer, subject, client]);
}
