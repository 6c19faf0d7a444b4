/** What ends the grant: Okta's three pushed channels, and two acts at the API to compare them with. */
export const channels = ["event_hook", "global_token_revocation", "ssf", "revoke", "release"] as const;
export const protocols = ["postgres", "http", "kubernetes", "mcp"] as const;
/** By what the session came in: the agent's access token, or the grant's secret. */
export const credentials = ["token", "secret"] as const;

export type Channel = (typeof channels)[number];
export type Protocol = (typeof protocols)[number];
export type Credential = (typeof credentials)[number];

/** What one row of the table is of. */
export interface Combination {
  readonly channel: Channel;
  readonly protocol: Protocol;
  readonly credential: Credential;
}

const every: readonly Combination[] = channels.flatMap((channel) =>
  protocols.flatMap((protocol) => credentials.map((credential) => ({ channel, protocol, credential }))),
);

/**
 * Those that were asked for.
 * @param only CHANNEL/PROTOCOL/CREDENTIAL, several with commas between; a part that is left out or `*` stands for each
 * @throws Error when a part names nothing
 */
export function combinations(only: string): readonly Combination[] {
  if (only === "") return every;
  const wanted = only.split(",").map((each) => each.split("/"));
  const known: readonly (readonly string[])[] = [channels, protocols, credentials];
  for (const parts of wanted) {
    for (const [at, part] of parts.entries()) {
      const names = known[at];
      if (names === undefined) throw new Error(`--only ${only}: CHANNEL/PROTOCOL/CREDENTIAL has three parts`);
      if (part !== "*" && !names.includes(part))
        throw new Error(`--only ${only}: ${part} is none of ${names.join(", ")}`);
    }
  }
  return every.filter(({ channel, protocol, credential }) =>
    wanted.some((parts) =>
      [channel, protocol, credential].every(
        (name, at) => parts[at] === undefined || parts[at] === "*" || parts[at] === name,
      ),
    ),
  );
}
