import type { Duplex } from "node:stream";
import { bounds } from "../../gate/bounds.ts";
import { createQuota } from "../../gate/limits/quota.ts";
import type { LoopbackClients } from "../../gate/tools/loopback.ts";
import type { Router } from "../../gate/web/router.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { connectInMemory } from "./memory.ts";
import { createWebLoopback } from "./web.ts";

/** What the clients enter. */
export interface LoopbackParts {
  readonly router: Router;
  /** The gateway's own URL, without a slash at its end. */
  readonly url: string;
  /** The certificate that the gateway shows now, PEM, its own first. */
  readonly certificate: () => string;
  /** What serves one client of a protocol's own port; undefined where the protocol has none. */
  readonly serve: (kind: string) => ((client: Duplex) => void) | undefined;
}

/** Makes the clients that enter the gateway's own endpoints in memory, bounded in number by principal. */
export function createLoopbackClients(parts: LoopbackParts): LoopbackClients {
  const calls = createQuota(bounds.toolCalls);
  const web = createWebLoopback(parts.router, parts.url);
  return {
    async lend(kind, caller, use) {
      const place = calls.acquire({ principal: caller.principal });
      if ("full" in place)
        throw new MayflyError("too_many", "too many calls are under way", {
          status: 429,
          hint: "wait until some of them have ended",
        });
      try {
        return await use({
          ...web(kind, caller),
          connect() {
            const serve = parts.serve(kind);
            if (serve === undefined)
              throw new MayflyError("not_served", `${kind} has no port here`, { status: 503 });
            const { client, server } = connectInMemory(caller.address);
            serve(server);
            return { client, certificate: parts.certificate() };
          },
        });
      } finally {
        place.release();
      }
    },
  };
}
