import * as z from "zod";
import type { Usage } from "../../audit/index/port.ts";
import type { GrantRules, InventoryEntry } from "../../grants/grants.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { timeOf, timeSchema } from "../contract/schemas.ts";
import type { ConnectionFacts } from "../services.ts";

const day = 86_400_000;
/** How far back the last use of an operation is looked for, milliseconds. */
const lookBack = 366 * day;

const connectionSchema = component(
  "Connection",
  z.object({
    name: z.string(),
    protocol: z.string(),
    address: z.string(),
    health: z
      .object({
        state: z.enum(["up", "down", "unknown"]),
        checked_at: timeSchema.optional(),
        milliseconds: z.number().optional().meta({ description: "How long logging in and one answer took" }),
        detail: z.string().optional().meta({ description: "Why it is down; for operators alone" }),
      })
      .meta({ description: "As this gateway last saw it, with the credential that it uses itself" }),
    observed_until: timeSchema.optional().meta({
      description: "It is observed: whoever a policy lets may do whatever can be recorded, until then",
    }),
    operations: z.array(
      z.object({
        name: z.string(),
        description: z.string(),
        risk: z.enum(["low", "medium", "high"]),
        last_used_at: timeSchema.optional(),
      }),
    ),
    recent: z
      .object({ grants: z.int(), acts: z.int(), denied: z.int(), last_used_at: timeSchema.optional() })
      .meta({ description: "The last 24 hours, counted in whole hours; last_used_at looks back a year" }),
  }),
);

const connectionsSchema = component("Connections", z.object({ connections: z.array(connectionSchema) }));

/** What the view is made of. */
export interface ConnectionsFacts {
  readonly connections: readonly ConnectionFacts[];
  readonly inventory: GrantRules["inventory"];
  /** Of the last day, and of the last year. */
  readonly recent: readonly Usage[];
  readonly usage: readonly Usage[];
  /** Whether the viewer may read why a connection is down. */
  readonly showsDetail: boolean;
}

function latest(times: readonly (number | undefined)[]): { last_used_at?: string } {
  const last = Math.max(...times.map((time) => time ?? Number.NEGATIVE_INFINITY));
  return Number.isFinite(last) ? { last_used_at: timeOf(last) } : {};
}

/** Until when a connection is observed. */
function observedOf(operations: ReadonlyMap<string, InventoryEntry> = new Map()): {
  observed_until?: string;
} {
  const ends = [...operations.values()].flatMap(({ until }) => until ?? []);
  return ends.length === 0 ? {} : { observed_until: timeOf(Math.max(...ends)) };
}

/** The connections as the console shows them. Pure. */
export function connectionsOf(facts: ConnectionsFacts): z.input<typeof connectionsSchema> {
  return {
    connections: facts.connections.map(({ name, protocol, address, health }) => {
      const used = facts.usage.filter(({ connection }) => connection === name);
      const recent = facts.recent.filter(({ connection }) => connection === name);
      const sum = (member: "grants" | "acts" | "denied"): number =>
        recent.reduce((all, row) => all + row[member], 0);
      return {
        name,
        protocol,
        address,
        health: {
          state: health.state,
          ...(health.checkedAt === undefined ? {} : { checked_at: timeOf(health.checkedAt) }),
          ...(health.milliseconds === undefined ? {} : { milliseconds: health.milliseconds }),
          ...(health.detail === undefined || !facts.showsDetail ? {} : { detail: health.detail }),
        },
        ...observedOf(facts.inventory.get(name)),
        operations: [...(facts.inventory.get(name) ?? [])].map(([operation, { description, risk }]) => ({
          name: operation,
          description,
          risk,
          ...latest(used.filter((row) => row.operation === operation).map(({ lastAt }) => lastAt)),
        })),
        recent: {
          grants: sum("grants"),
          acts: sum("acts"),
          denied: sum("denied"),
          ...latest(used.map(({ lastAt }) => lastAt)),
        },
      };
    }),
  };
}

/** Each target's health and use. */
export const listConnections = endpoint({
  id: "GET /v1/connections",
  operationId: "listConnections",
  summary: "The connections: their health as this gateway sees it, their operations and their recent use",
  answers: { 200: { description: "The connections", schema: connectionsSchema } },
  async handle({ services, principal }) {
    const now = services.clock.wall();
    const [recent, usage] = await Promise.all([
      services.reader.usage(now - day),
      services.reader.usage(now - lookBack),
    ]);
    return {
      status: 200,
      body: connectionsOf({
        connections: services.connections(),
        inventory: services.inventory(),
        recent,
        usage,
        showsDetail: principal.roles.includes("operator"),
      }),
    };
  },
});
