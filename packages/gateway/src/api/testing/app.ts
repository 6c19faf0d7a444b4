import type { FastifyInstance, InjectOptions } from "fastify";
import { afterEach } from "vitest";
import { createApi } from "../server.ts";
import type { ApiServices } from "../services.ts";
import { type Fakes, fakes } from "./fakes.ts";

/** The API over fake services, for the tests of one file; each is closed after its test. */
export function useApi(): (change?: Partial<ApiServices>) => { app: FastifyInstance; all: Fakes } {
  const open: FastifyInstance[] = [];
  afterEach(async () => {
    for (const app of open.splice(0)) await app.close();
  });
  return (change) => {
    const all = fakes(change);
    const app = createApi(all.services);
    open.push(app);
    return { app, all };
  };
}

/** The headers of one of the `principals` of the fakes. */
export const as = (who: string): Record<string, string> => ({ authorization: `Bearer token-${who}` });

/** A request that needs nobody's approval. */
export const ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1: late parcel",
};

export const post = (url: string, who: string, payload?: unknown): InjectOptions => ({
  method: "POST",
  url,
  headers: as(who),
  ...(payload === undefined ? {} : { payload: payload as Record<string, unknown> }),
});
