import type { Ask } from "../grants.ts";
import type { AccessRequest } from "../types.ts";
import { agent } from "./samples.ts";

/** Asks for what nobody has to approve. */
export const read: Ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  clientAddress: "10.0.0.1",
};

/** Asks for what a person has to approve. */
export const refund: Ask = { ...read, operations: ["refund-order"] };

/** Asks for one of each. */
export const both: Ask = { ...read, operations: ["read-orders", "refund-order"] };

/** Another agent than the one that asks in most tests. */
export const other = { ...agent, subject: "0oa2", client: "0oa2", name: "other-bot" };

/** The grant that a request came to. */
export const grantOf = (request: AccessRequest): string => request.grant ?? "no grant";

/** The code that a call failed with, or that it succeeded. */
export const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "succeeded",
    (error: { code?: string }) => error.code,
  );
