/** An agent with its chain of actors. A principal and a grant's requester fit. */
export interface ActorChain {
  readonly kind: "agent" | "person";
  readonly client: string;
  readonly subject: string;
  readonly person?: object;
  readonly actors: readonly string[];
}

/**
 * The other agents in the chain: those that the agent acts for, or that called it on a person's behalf. Their owners
 * count as parties to what the agent requests.
 */
export function agentsInChain({ kind, client, subject, person, actors }: ActorChain): readonly string[] {
  if (kind !== "agent") return [];
  const all = new Set(person === undefined ? [...actors, subject] : actors);
  all.delete(client);
  return [...all];
}

/** The owners from several sources, each once; left out where there are none. */
export function withOwners(...owners: readonly (readonly string[] | undefined)[]): {
  readonly owners?: readonly string[];
} {
  const all = [...new Set(owners.flatMap((some) => some ?? []))];
  return all.length === 0 ? {} : { owners: all };
}
