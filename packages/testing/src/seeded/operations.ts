// What can be done on the connections of the seeded data set. Data alone.

/** One operation of the catalogue. */
export interface SeededOperation {
  readonly name: string;
  readonly risk: "low" | "medium" | "high";
  readonly description: string;
  /** Members of its scope, as the configuration writes them. */
  readonly scope: Readonly<Record<string, unknown>>;
}

const orders = { "public.orders": "all" };
const customers = { "public.customers": ["id", "name", "email"] };

/** The five operations of a database. */
export function ofDatabase(words: readonly [string, string, string, string, string]): SeededOperation[] {
  const [read, look, report, change, repair] = words;
  return [
    {
      name: read,
      risk: "low",
      description: "Read orders and who placed them",
      scope: {
        statements: ["select"],
        tables: { ...orders, ...customers, "public.payouts": "all" },
      },
    },
    {
      name: look,
      risk: "low",
      description: "Look customers up",
      scope: { statements: ["select"], tables: customers, timeout: "30s" },
    },
    {
      name: report,
      risk: "low",
      description: "Count and sum for a report",
      scope: { statements: ["select"], tables: orders, timeout: "5m" },
    },
    {
      name: change,
      risk: "high",
      description: "Set one order's status",
      scope: { statements: ["update"], tables: { "public.orders": ["status"] }, require_where: true },
    },
    {
      name: repair,
      risk: "high",
      description: "Set the status of many orders after an incident",
      scope: { statements: ["update"], tables: { "public.orders": ["status"] }, require_where: true },
    },
  ];
}

/** The five operations of an API. */
export function ofApi(noun: string, plural: string): SeededOperation[] {
  return [
    {
      name: `read-${noun}`,
      risk: "low",
      description: `Read one ${noun}`,
      scope: {
        requests: [`GET /v1/${plural}/{id:[0-9]+}`],
        query: ["expand", "locale"],
        response: { mask: ["/customer/email"] },
      },
    },
    {
      name: `list-${plural}`,
      risk: "low",
      description: `List ${plural}`,
      scope: { requests: [`GET /v1/${plural}`], query: ["status", "page", "since"] },
    },
    {
      name: "follow",
      risk: "low",
      description: `Follow what happens to ${plural}`,
      scope: { requests: ["GET /v1/feed"] },
    },
    {
      name: `change-${noun}`,
      risk: "medium",
      description: `Change one ${noun}, up to 500.00`,
      scope: { requests: [`POST /v1/${plural}`], body: "change.json", budget: 20 },
    },
    {
      name: `delete-${noun}`,
      risk: "high",
      description: `Delete one ${noun} for good`,
      scope: { requests: [`DELETE /v1/${plural}/{id:[0-9]+}`], budget: 3 },
    },
  ];
}

/** The three operations of a cluster. */
export const ofCluster: readonly SeededOperation[] = [
  {
    name: "read-pods",
    risk: "low",
    description: "See the shop's pods and their logs",
    scope: { resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"], namespaces: ["shop"] },
  },
  {
    name: "debug-shop",
    risk: "high",
    description: "Look at files in the shop's pods",
    scope: {
      resources: ["pods"],
      verbs: ["get"],
      namespaces: ["shop"],
      exec: {
        namespaces: ["shop"],
        pods: { app: "shop" },
        commands: [
          ["ls", "*"],
          ["cat", "/var/log/*"],
        ],
      },
    },
  },
  {
    name: "restart-pod",
    risk: "high",
    description: "Delete one pod of the shop, so that it starts anew",
    scope: { resources: ["pods"], verbs: ["delete"], namespaces: ["shop"] },
  },
];

/** The arguments of its tools. */
export const customerId = {
  type: "object",
  properties: { id: { type: "integer", minimum: 1 } },
  required: ["id"],
  additionalProperties: false,
};
/** The one operation of every customer register. */
export const lookUp: SeededOperation = {
  name: "look-up-customer",
  risk: "low",
  description: "Look one customer up",
  scope: { tools: { get_customer: customerId } },
};
