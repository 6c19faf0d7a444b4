import { canonicalJson } from "../kernel/canonical.ts";
import { plain } from "./freeze.ts";
import type { Configuration } from "./types.ts";

/** The part that a change affects. */
export type Touched =
  | { readonly kind: "setting"; readonly name: SettingName }
  /** Who may sign in, and which groups give which role. */
  | { readonly kind: "identity"; readonly name: "people" | "roles" }
  | { readonly kind: NamedKind; readonly name: string };

/** Parts that occur several times, each with a name from the operator. */
type NamedKind = "identity provider" | "connection" | "operation" | "policy" | "webhook" | "export";

/** A part that occurs once, by its name in the file. */
type SettingName =
  | (typeof settingNames)[(typeof startSettings)[number]]
  | "identity.mcp_clients"
  | "identity.signals"
  | "limits"
  | "shutdown"
  | "telemetry"
  | "export.hold_back"
  | "notifications.slack";

/** One difference between two configurations. Behaviour depends on `touches`, never on the words. */
export interface Change {
  readonly change: "added" | "removed" | "changed";
  readonly touches: Touched;
  /** The change in words, for example `connection orders-db`, `operation orders-db/read-orders`, `setting url`. */
  readonly what: string;
  /** Whether it takes effect only after a restart of mayflyd. */
  readonly needsRestart: boolean;
}

/** Whether a change affects who somebody is, or what their groups permit: the identity is then rebuilt. */
export function touchesIdentity({ touches }: Change): boolean {
  return touches.kind === "identity provider" || touches.kind === "identity";
}

/** Whether a change affects how the provider's signals arrive, or whose they may be. */
export function touchesSignals(change: Change): boolean {
  const { touches } = change;
  return (
    touchesIdentity(change) ||
    (touches.kind === "setting" &&
      (touches.name === "identity.signals" || touches.name === "identity.mcp_clients"))
  );
}

/** Parts that are read once, when mayflyd starts. */
const startSettings = ["url", "listen", "tls", "store", "dataFolder", "audit"] as const;

/** Their names in the file. */
export const settingNames = {
  url: "url",
  listen: "listen",
  tls: "tls",
  store: "store",
  dataFolder: "data",
  audit: "audit",
} as const satisfies Readonly<Record<(typeof startSettings)[number], string>>;

/**
 * What a reload changes, in words for the log, in the order of the file. A new value of a secret counts as a change of the
 * member that holds it; the result contains no value.
 */
export function describeChanges(before: Configuration, after: Configuration): Change[] {
  const changes: Change[] = [];
  for (const setting of startSettings) {
    if (same(before[setting], after[setting])) continue;
    // A renewed certificate is used from the next handshake on. A change from or to a local CA needs a restart.
    const renewed = setting === "tls" && before.tls !== undefined && after.tls !== undefined;
    changes.push(changed({ kind: "setting", name: settingNames[setting] }, !renewed));
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
    changes.push(changed({ kind: "identity", name: part }));
  }
  if (!same(before.identity.mcpClients, after.identity.mcpClients))
    changes.push(changed({ kind: "setting", name: "identity.mcp_clients" }));
  if (!same(before.identity.signals, after.identity.signals))
    changes.push(changed({ kind: "setting", name: "identity.signals" }));
  changes.push(...compare("connection", withoutOperations(before), withoutOperations(after)));
  changes.push(...compare("operation", operations(before), operations(after)));
  changes.push(...compare("policy", byName(before.policies, "name"), byName(after.policies, "name")));
  if (!same(before.limits, after.limits)) {
    changes.push(changed({ kind: "setting", name: "limits" }));
  }
  if (!same(before.shutdown, after.shutdown)) {
    changes.push(changed({ kind: "setting", name: "shutdown" }));
  }
  if (!same(before.telemetry, after.telemetry)) changes.push(changed({ kind: "setting", name: "telemetry" }));
  if (!same(before.notifications.slack, after.notifications.slack)) {
    changes.push(changed({ kind: "setting", name: "notifications.slack" }));
  }
  changes.push(
    ...compare(
      "webhook",
      byName(before.notifications.webhooks, "name"),
      byName(after.notifications.webhooks, "name"),
    ),
  );
  if (before.export.holdBack !== after.export.holdBack)
    changes.push(changed({ kind: "setting", name: "export.hold_back" }));
  changes.push(
    ...compare(
      "export",
      byName(before.export.destinations, "name"),
      byName(after.export.destinations, "name"),
    ),
  );
  return changes;
}

function changed(touches: Touched, needsRestart = false): Change {
  return { change: "changed", touches, what: `${touches.kind} ${touches.name}`, needsRestart };
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
  kind: NamedKind,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Change[] {
  const changes: Change[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const change = !before.has(name) ? "added" : !after.has(name) ? "removed" : "changed";
    if (change === "changed" && same(before.get(name), after.get(name))) continue;
    changes.push({ ...changed({ kind, name }), change });
  }
  return changes;
}
