import { loadConfiguration } from "../configuration/load.ts";
import type { Configuration, ConfigurationProblem } from "../configuration/types.ts";
import type { NeededSecrets } from "../configuration/unset.ts";
import type { AnyProtocol } from "../gate/protocol.ts";
import type { GrantRules, InventoryEntry } from "../grants/grants.ts";
import { MetadataRefused, readIdpMetadata } from "../identity/sign-in/saml/idp-metadata.ts";
import { compilePolicies } from "../policy/compile.ts";
import type { Policies, PolicyEntry } from "../policy/types.ts";
import { unknownEvents } from "./telemetry/events-known.ts";
import { requesterNow, withdrawnNow, type KnownNow } from "./wiring/requester-now.ts";

/** A configuration with its policies compiled, or everything that is wrong with the file. */
export type Loaded =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      readonly policies: Policies;
      /** Secrets that are named, not set here and not needed. */
      readonly unset: readonly ConfigurationProblem[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigurationProblem[];
      /** What was read: the main file, the included files and the folders that they were found in. */
      readonly files: readonly string[];
    };

/** Members of a policy that the file names otherwise. */
const writtenAs: Partial<Record<keyof PolicyEntry, string>> = {
  breakGlass: "break_glass",
  closedPaths: "requires",
  personGroups: "person_groups",
  sandbox: "requires",
};

/** Reads a configuration file whole: form, names, secrets, scopes, and policies down to their `when:`. */
export async function load(
  file: string,
  protocols: readonly AnyProtocol[],
  environment: NodeJS.ProcessEnv,
  secrets: NeededSecrets = "required",
): Promise<Loaded> {
  const loaded = await loadConfiguration(file, protocols, environment, secrets);
  if (!loaded.ok) return loaded;
  const { configuration, locate, unset } = loaded;
  const unknown = unknownEvents(configuration, locate);
  const { files } = configuration;
  if (unknown.length > 0) return { ok: false, problems: unknown, files };
  const operations = new Map(
    [...configuration.connections].map(([name, { operations }]) => [name, [...operations.keys()]]),
  );
  const metadata = configuration.identity.people.saml?.metadata;
  const wrong = metadata === undefined ? undefined : problemOfMetadata(metadata);
  if (wrong !== undefined) {
    const place = locate(["identity", "people", "saml", "metadata"]);
    return {
      ok: false,
      files,
      problems: [{ ...place, message: wrong, hint: "download it anew from the identity provider" }],
    };
  }
  const compiled = compilePolicies(configuration.policies, operations);
  if (compiled.ok) return { ok: true, configuration, policies: compiled.policies, unset };
  return {
    ok: false,
    files,
    problems: compiled.problems.map(({ index, member, offset, message, hint }) => ({
      ...locate(["policies", index, writtenAs[member] ?? member], offset),
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

/**
 * What grants need of a configuration.
 * @param known what is known of requesters beside it; left out: nothing
 */
export function rulesOf(
  { configuration, policies }: { readonly configuration: Configuration; readonly policies: Policies },
  protocols: readonly AnyProtocol[],
  known: KnownNow = {},
): GrantRules {
  const inventory = new Map<string, ReadonlyMap<string, InventoryEntry>>();
  for (const { name, kind, operations } of configuration.connections.values()) {
    const protocol = protocols.find((each) => each.kind === kind);
    if (protocol === undefined) throw new TypeError(`no protocol serves ${kind}`);
    const entries = new Map<string, InventoryEntry>();
    for (const operation of operations.values()) {
      const { description, risk, digest, until } = operation;
      entries.set(operation.name, {
        description,
        risk,
        digest,
        scope: protocol.describe(operation.scope),
        ...(until === undefined ? {} : { until }),
      });
    }
    inventory.set(name, entries);
  }
  return {
    policies,
    configuration: configuration.digest,
    inventory,
    pendingPerPrincipal: configuration.limits.pendingPerPrincipal,
    current: (requester) => requesterNow(requester, configuration.identity, known),
    withdrawn: (requester) => withdrawnNow(requester, configuration.identity, known),
    ...(known.learn === undefined ? {} : { learn: known.learn }),
  };
}
