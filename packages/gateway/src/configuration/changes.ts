import { canonicalJson } from "../kernel/canonical.ts";
import { plain } from "./freeze.ts";
import type { Configuration } from "./types.ts";

/** One difference between two configurations. */
export interface Change {
  readonly change: "added" | "removed" | "changed";
  /** What changed, for example `connection orders-db`, `operation orders-db/read-orders`, `setting url`. */
  readonly what: string;
  /** Whether it takes effect only when mayflyd is started again. */
  readonly needsRestart: boolean;
}

/** Read once, when mayflyd starts. */
const startSettings = ["url", "listen", "tls", "store", "dataFolder", "audit"] as const;

/** As the file names them. */
const settingNames: Readonly<Record<(typeof startSettings)[number], string>> = {
  url: "url",
  listen: "listen",
  tls: "tls",
  store: "store",
  dataFolder: "data",
  audit: "audit",
};

/**
 * What a reload changes, in words for its log, in the order of the file. A secret whose value is another one counts
 * as a change of what holds it; no value is in the result.
 */
export function describeChanges(before: Configuration, after: Configuration): Change[] {
  const changes: Change[] = [];
  for (const setting of startSettings) {
    if (same(before[setting], after[setting])) continue;
    // A renewed certificate is shown from the next handshake on; clients of a local CA need a restart to learn of its end.
    const renewed = setting === "tls" && before.tls !== undefined && after.tls !== undefined;
    changes.push({ change: "changed", what: `setting ${settingNames[setting]}`, needsRestart: !renewed });
  }
  changes.push(
    ...compare(
      "identity provider",
      byName(before.identity.agents, "issuer"),
      byName(after.identity.agents, "issuer"),
    ),
  );
  for (const part of ["people", "roles"] as const) {
    if (same(before.identity[part], after.identity[part])) continue;
    changes.push({ change: "changed", what: `identity ${part}`, needsRestart: false });
  }
  changes.push(...compare("connection", withoutOperations(before), withoutOperations(after)));
  changes.push(...compare("operation", operations(before), operations(after)));
  changes.push(...compare("policy", byName(before.policies, "name"), byName(after.policies, "name")));
  if (!same(before.limits, after.limits)) {
    changes.push({ change: "changed", what: "setting limits", needsRestart: false });
  }
  if (!same(before.notifications.slack, after.notifications.slack)) {
    changes.push({ change: "changed", what: "setting notifications.slack", needsRestart: false });
  }
  changes.push(
    ...compare(
      "webhook",
      byName(before.notifications.webhooks, "name"),
      byName(after.notifications.webhooks, "name"),
    ),
  );
  return changes;
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(plain(a ?? null, "value")) === canonicalJson(plain(b ?? null, "value"));
}

function byName<Name extends string>(
  items: readonly Record<Name, string>[],
  name: Name,
): Map<string, unknown> {
  return new Map(items.map((item) => [item[name], item]));
}

function withoutOperations(configuration: Configuration): Map<string, unknown> {
  return new Map([...configuration.connections].map(([name, { kind, target }]) => [name, { kind, target }]));
}

function operations(configuration: Configuration): Map<string, unknown> {
  return new Map(
    [...configuration.connections.values()].flatMap((connection) =>
      [...connection.operations.values()].map(
        (operation) => [`${connection.name}/${operation.name}`, operation] as const,
      ),
    ),
  );
}

function compare(
  kind: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Change[] {
  const changes: Change[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const change = !before.has(name) ? "added" : !after.has(name) ? "removed" : "changed";
    if (change === "changed" && same(before.get(name), after.get(name))) continue;
    changes.push({ change, what: `${kind} ${name}`, needsRestart: false });
  }
  return changes;
}
