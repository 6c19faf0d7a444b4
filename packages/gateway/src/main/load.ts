import { loadConfiguration } from "../configuration/load.ts";
import type { Configuration, ConfigurationProblem } from "../configuration/types.ts";
import type { Protocol } from "../gate/protocol.ts";
import type { GrantRules, InventoryEntry } from "../grants/grants.ts";
import { MetadataRefused, readIdpMetadata } from "../identity/sign-in/saml/idp-metadata.ts";
import { compilePolicies } from "../policy/compile.ts";
import type { Policies } from "../policy/types.ts";
import { unknownEvents } from "./events-known.ts";
import { requesterNow } from "./requester-now.ts";

/** A configuration with its policies compiled, or everything that is wrong with the file. */
export type Loaded =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      readonly policies: Policies;
      /** Secrets that are named and not set here; empty where secrets are required. */
      readonly unset: readonly ConfigurationProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

/** Reads a configuration file whole: form, names, secrets, scopes, and policies down to their `when:`. */
export async function load(
  file: string,
  protocols: readonly Protocol<never, never>[],
  environment: NodeJS.ProcessEnv,
  secrets: "required" | "named" = "required",
): Promise<Loaded> {
  const loaded = await loadConfiguration(file, protocols, environment, secrets);
  if (!loaded.ok) return loaded;
  const { configuration, locate, unset } = loaded;
  const unknown = unknownEvents(configuration, locate);
  if (unknown.length > 0) return { ok: false, problems: unknown };
  const operations = new Map(
    [...configuration.connections].map(([name, { operations }]) => [name, [...operations.keys()]]),
  );
  const metadata = configuration.identity.people.saml?.metadata;
  const wrong = metadata === undefined ? undefined : problemOfMetadata(metadata);
  if (wrong !== undefined) {
    const place = locate(["identity", "people", "saml", "metadata"]);
    return {
      ok: false,
      problems: [{ ...place, message: wrong, hint: "download it anew from the identity provider" }],
    };
  }
  const compiled = compilePolicies(configuration.policies, operations);
  if (compiled.ok) return { ok: true, configuration, policies: compiled.policies, unset };
  return {
    ok: false,
    problems: compiled.problems.map(({ index, member, offset, message, hint }) => ({
      ...locate(["policies", index, member === "breakGlass" ? "break_glass" : member], offset),
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
  };
}

/** What is wrong with a SAML identity provider's metadata, or undefined. */
function problemOfMetadata(metadata: string): string | undefined {
  try {
    readIdpMetadata(metadata);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof MetadataRefused) return thrown.message;
    throw thrown;
  }
}

/** What grants need of a configuration. */
export function rulesOf(
  { configuration, policies }: { readonly configuration: Configuration; readonly policies: Policies },
  protocols: readonly Protocol<never, never>[],
): GrantRules {
  const inventory = new Map<string, ReadonlyMap<string, InventoryEntry>>();
  for (const { name, kind, operations } of configuration.connections.values()) {
    const protocol = protocols.find((each) => each.kind === kind);
    if (protocol === undefined) throw new TypeError(`no protocol serves ${kind}`);
    const entries = new Map<string, InventoryEntry>();
    for (const operation of operations.values()) {
      const { description, risk, digest } = operation;
      entries.set(operation.name, {
        description,
        risk,
        digest,
        scope: protocol.describe(operation.scope as never),
      });
    }
    inventory.set(name, entries);
  }
  return {
    policies,
    configuration: configuration.digest,
    inventory,
    pendingPerPrincipal: configuration.limits.pendingPerPrincipal,
    current: (requester) => requesterNow(requester, configuration.identity),
  };
}
