// The connections of the seeded data set: fourteen of all four protocols, with fifty-seven operations. Data alone;
// configuration.ts writes them down as a configuration.
import type { AgentGroup } from "./agents.ts";
import { customerId, lookUp, ofApi, ofCluster, ofDatabase, type SeededOperation } from "./operations.ts";

export type SeededKind = "postgres" | "http" | "kubernetes" | "mcp";

/** One connection of the catalogue. */
export interface SeededConnection {
  readonly name: string;
  readonly kind: SeededKind;
  readonly operations: readonly SeededOperation[];
  /** Who may ask for what it has. */
  readonly groups: readonly AgentGroup[];
  /** Whose approval all but the low risks need. */
  readonly by: readonly string[];
  readonly count: number;
  /** Who may break the glass for its high risks. */
  readonly emergency: readonly AgentGroup[];
}

const leads = { by: ["support-leads"], count: 1 } as const;
const reliability = { by: ["sre"], count: 1 } as const;

/** The connections. */
export const connections: readonly SeededConnection[] = [
  {
    name: "orders-db",
    kind: "postgres",
    operations: ofDatabase([
      "read-orders",
      "look-up-customers",
      "sum-orders",
      "refund-order",
      "repair-orders",
    ]),
    groups: ["support-agents", "refund-agents", "fulfilment-agents"],
    ...leads,
    emergency: ["refund-agents", "support-agents"],
  },
  {
    name: "ledger-db",
    kind: "postgres",
    operations: ofDatabase(["read-ledger", "look-up-payers", "sum-ledger", "book-entry", "repair-ledger"]),
    groups: ["ledger-agents", "audit-agents"],
    by: ["support-leads", "sre"],
    count: 2,
    emergency: [],
  },
  {
    name: "analytics-db",
    kind: "postgres",
    operations: ofDatabase(["read-sales", "look-up-buyers", "sum-sales", "tag-sale", "retag-sales"]),
    groups: ["analytics-agents", "research-agents"],
    ...leads,
    emergency: [],
  },
  {
    name: "warehouse-db",
    kind: "postgres",
    operations: ofDatabase(["read-stock", "look-up-senders", "sum-stock", "move-parcel", "repair-stock"]),
    groups: ["fulfilment-agents", "oncall-agents"],
    ...leads,
    emergency: ["oncall-agents"],
  },
  {
    name: "billing-api",
    kind: "http",
    operations: ofApi("invoice", "invoices"),
    groups: ["refund-agents", "support-agents", "ledger-agents"],
    ...leads,
    emergency: ["refund-agents"],
  },
  {
    name: "shipping-api",
    kind: "http",
    operations: ofApi("shipment", "shipments"),
    groups: ["fulfilment-agents"],
    ...leads,
    emergency: [],
  },
  {
    name: "tickets-api",
    kind: "http",
    operations: ofApi("ticket", "tickets"),
    groups: ["support-agents", "crm-agents"],
    ...leads,
    emergency: [],
  },
  {
    name: "mail-api",
    kind: "http",
    operations: ofApi("campaign", "campaigns"),
    groups: ["mail-agents"],
    ...leads,
    emergency: [],
  },
  {
    name: "search-api",
    kind: "http",
    operations: ofApi("index", "indexes"),
    groups: ["search-agents", "research-agents"],
    ...reliability,
    emergency: [],
  },
  {
    name: "shop-cluster",
    kind: "kubernetes",
    operations: ofCluster,
    groups: ["oncall-agents", "release-agents"],
    ...reliability,
    emergency: ["oncall-agents"],
  },
  {
    name: "staging-cluster",
    kind: "kubernetes",
    operations: ofCluster,
    groups: ["release-agents", "coding-agents"],
    ...leads,
    emergency: [],
  },
  {
    name: "edge-cluster",
    kind: "kubernetes",
    operations: ofCluster,
    groups: ["edge-agents", "oncall-agents"],
    ...reliability,
    emergency: ["edge-agents"],
  },
  {
    name: "crm",
    kind: "mcp",
    operations: [
      lookUp,
      {
        name: "delete-customer",
        risk: "high",
        description: "Delete one customer",
        scope: { tools: { delete_customer: customerId }, budget: 3 },
      },
    ],
    groups: ["crm-agents", "support-agents"],
    ...leads,
    emergency: [],
  },
  {
    name: "helpdesk",
    kind: "mcp",
    operations: [lookUp],
    groups: ["support-agents", "crm-agents"],
    ...leads,
    emergency: [],
  },
];
