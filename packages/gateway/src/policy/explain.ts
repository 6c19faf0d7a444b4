import type { Condition, Outlook, Policies, PolicyAsk, Shadow, Terms } from "./types.ts";

/** The description of an operation. The grants' inventory fits. */
export interface Described {
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  /** When it ends, milliseconds since the epoch; left out: never. */
  readonly until?: number;
}

/** An operation that the principal could request, and under which terms. */
export interface ExplainedOffer extends Described {
  readonly connection: string;
  readonly operation: string;
  readonly terms: Terms;
  /** What the request would still have to meet. */
  readonly conditions: readonly Condition[];
  readonly reasons: readonly string[];
}

/** An operation that the principal could not request, and why. */
export interface ExplainedRefusal extends Described {
  readonly connection: string;
  readonly operation: string;
  readonly reasons: readonly string[];
}

/** What a principal could request, and why not the rest; in the order of the configuration. */
export interface Explanation {
  readonly principal: PolicyAsk["principal"];
  readonly hasPerson: boolean;
  /** Of the person whom an agent acts for. */
  readonly personGroups: readonly string[];
  readonly requestable: readonly ExplainedOffer[];
  /** What it could request in an emergency: active at once, and everybody is notified. */
  readonly breakGlass: readonly ExplainedOffer[];
  readonly refused: readonly ExplainedRefusal[];
  /** The same of operations that policies in shadow are about, if those decided; left out: there are none. */
  readonly shadow?: Explanation;
}

type Inventory = ReadonlyMap<string, ReadonlyMap<string, Described>>;

/** The operations that policies in shadow are about. */
function shadowed(inventory: Inventory, shadow: Shadow): Inventory {
  return new Map(
    Array.from(inventory, ([connection, operations]) => [
      connection,
      new Map([...operations].filter(([operation]) => shadow.isAbout(connection, [operation]))),
    ]),
  );
}

/**
 * Says for a principal, made up or real, what it could request and why not the rest.
 * @param inventory connection → operation → what is said of it
 * @param hasPerson whether a person stands behind the agent; behind a person there is always one, as in a request
 * @param personGroups of the person whom an agent acts for; undefined: none is known
 * @param at now, milliseconds since the epoch: what has ended by then is refused
 */
export function explain(
  policies: Policies,
  inventory: Inventory,
  principal: PolicyAsk["principal"],
  hasPerson: boolean,
  personGroups: readonly string[] | undefined,
  at: number,
): Explanation {
  const requestable: ExplainedOffer[] = [];
  const breakGlass: ExplainedOffer[] = [];
  const refused: ExplainedRefusal[] = [];
  // Reason, time and address come with a request; an outlook reads none of them.
  const context = {
    reason: "",
    requested_seconds: 0,
    hour: 0,
    weekday: 1,
    client_address: "0.0.0.0",
    has_person: hasPerson || principal.kind === "person",
    person_groups: principal.kind === "person" ? principal.groups : (personGroups ?? []),
    break_glass: false,
  };
  const emergency = { ...context, break_glass: true };
  for (const [connection, operations] of inventory) {
    for (const [operation, { description, risk, until }] of operations) {
      if (until !== undefined && until <= at) {
        const ended = `it ended at ${new Date(until).toISOString()}`;
        refused.push({ connection, operation, description, risk, reasons: [ended] });
        continue;
      }
      const seen: Outlook = policies.outlook({ principal, connection, operation, context });
      const named = { connection, operation, description, risk };
      const { terms, conditions, reasons } = seen;
      if (seen.requestable && terms !== undefined) requestable.push({ ...named, terms, conditions, reasons });
      else refused.push({ ...named, reasons });
      const broken = policies.outlook({ principal, connection, operation, context: emergency });
      if (broken.requestable && broken.terms !== undefined) {
        const { terms: given, conditions: asked, reasons: why } = broken;
        breakGlass.push({ ...named, terms: given, conditions: asked, reasons: why });
      }
    }
  }
  const { shadow } = policies;
  const would =
    shadow === undefined
      ? undefined
      : explain(shadow.policies, shadowed(inventory, shadow), principal, hasPerson, personGroups, at);
  return {
    principal,
    hasPerson,
    personGroups: personGroups ?? [],
    requestable,
    breakGlass,
    refused,
    ...(would === undefined ? {} : { shadow: would }),
  };
}
