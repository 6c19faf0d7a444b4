import { readFileSync } from "node:fs";
import path from "node:path";
import type { JWK } from "jose";
import { parse } from "yaml";
import type { OktaStandInOptions, StandInAgent } from "./options.ts";
import type { StandInRegisteredAgent } from "./registered-agent.ts";
import type { ServiceProvider } from "./saml/index.ts";

/** Keys may stand in the file, or be named: paths of public JWKs, relative to the file. */
type WithKeyFiles<Agent> = Omit<Agent, "keys"> & { readonly keys?: readonly (JWK | string)[] };

/** An org as it stands in a file (YAML, or JSON): the options, and what only a file can say. */
interface OrgFile extends Omit<OktaStandInOptions, "agents" | "registeredAgents" | "trust"> {
  readonly agents?: readonly WithKeyFiles<StandInAgent>[];
  readonly registeredAgents?: readonly WithKeyFiles<StandInRegisteredAgent>[];
  /** Applications of the SAML side. */
  readonly samlApps?: readonly ServiceProvider[];
  /** The path of a CA (PEM) by which receivers are verified; it may come to be after the start. */
  readonly trust?: string;
}

/** What a file says. */
export interface Org {
  readonly options: OktaStandInOptions;
  readonly samlApps: readonly ServiceProvider[];
}

/**
 * Reads an org from its file.
 * @throws Error when it, or a key that it names, cannot be read
 */
export function readOrg(file: string): Org {
  const folder = path.dirname(path.resolve(file));
  const {
    agents = [],
    registeredAgents = [],
    samlApps = [],
    trust,
    ...rest
  } = parse(readFileSync(file, "utf8")) as OrgFile;
  const withKeys = <Agent extends { readonly keys?: readonly (JWK | string)[] }>(agent: Agent) => ({
    ...agent,
    keys: (agent.keys ?? []).map((key) =>
      typeof key === "string" ? (JSON.parse(readFileSync(path.resolve(folder, key), "utf8")) as JWK) : key,
    ),
  });
  return {
    options: {
      ...rest,
      agents: agents.map(withKeys),
      registeredAgents: registeredAgents.map(withKeys),
      ...(trust === undefined ? {} : { trust: () => readFileSync(path.resolve(folder, trust), "utf8") }),
    },
    samlApps,
  };
}
