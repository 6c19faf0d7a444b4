import type { SchemaJson, StandardEntityType } from "@cedar-policy/cedar-wasm/nodejs";
import type { PolicyContext } from "./types.ts";

/** Cedar's type of each fact in `context`: exactly the members of PolicyContext. */
const contextTypes = {
  reason: { type: "String" },
  requested_seconds: { type: "Long" },
  hour: { type: "Long" },
  weekday: { type: "Long" },
  client_address: { type: "Extension", name: "ipaddr" },
  has_person: { type: "Boolean" },
  person_groups: { type: "Set", element: { type: "String" } },
  break_glass: { type: "Boolean" },
} as const satisfies Record<keyof PolicyContext, object>;

const text = { type: "String" } as const;

/** What a condition can ask of `principal`, beside `principal in Group::"…"` and `principal is Agent`. */
const principalTypes = {
  name: text,
  client: text,
  issuer: text,
  subject: text,
  kind: text,
  groups: { type: "Set", element: text },
} as const;

/** Names behind `context.`. */
export const contextNames: readonly string[] = Object.keys(contextTypes);
/** Names behind `principal.`. */
export const principalNames: readonly string[] = Object.keys(principalTypes);

/** The facts of `context` that are known while only listing what could be asked for; all others come with the request. */
export const knownContext: ReadonlySet<string> = new Set<keyof PolicyContext>([
  "has_person",
  "person_groups",
  "break_glass",
]);

const principal: StandardEntityType<string> = {
  memberOfTypes: ["Group"],
  shape: { type: "Record", attributes: principalTypes },
};

/**
 * The Cedar schema that conditions are validated against, strictly. Principals are of type Agent or Person, in Groups;
 * what is asked for is an Operation in a Connection. The names of operations and connections in a condition are checked
 * in `when.ts`: a Cedar type that enumerates its entities could not have parents.
 */
export const schema: SchemaJson<string> = {
  "": {
    entityTypes: {
      Group: {},
      Agent: principal,
      Person: principal,
      Connection: {},
      Operation: { memberOfTypes: ["Connection"] },
    },
    actions: {
      request: {
        appliesTo: {
          principalTypes: ["Agent", "Person"],
          resourceTypes: ["Operation"],
          context: { type: "Record", attributes: contextTypes },
        },
      },
    },
  },
};

/** The id of an operation among Cedar's entities, as a condition writes it: `Operation::"orders-db/read-orders"`. */
export function operationId(connection: string, operation: string): string {
  return `${connection}/${operation}`;
}
