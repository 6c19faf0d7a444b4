import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Gate } from "../../gate/gate.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { PostgresAct } from "./act.ts";
import { createArrivals } from "./arrivals.ts";
import { createCancels } from "./cancels.ts";
import { shakeHands } from "./handshake.ts";
import type { Judging } from "./judging.ts";
import { createMemory } from "./memory.ts";
import { serveSession } from "./session.ts";
import { createTexts, type Effect } from "./texts.ts";

/** What the wire part of the protocol stands on. */
export interface ServeOptions {
  readonly clock: Clock;
  readonly secureContext: () => SecureContext;
  readonly allowInsecureLoopback: boolean;
  readonly effectsOf: (sql: string) => readonly Effect[] | undefined;
  /** Left out where the gate knows all verdicts by itself, as in tests of the wire. */
  readonly judging?: Judging;
}

/** Makes the function that serves one client connection until it ends. All its sessions share their cancel keys. */
export function createServe(options: ServeOptions): (client: Duplex, gate: Gate<PostgresAct>) => void {
  const { clock } = options;
  const cancels = createCancels();
  const texts = createTexts(options.effectsOf);
  const arrivals = createArrivals(clock);
  let messageBytes = 0;
  const shared = {
    clock,
    cancels,
    texts,
    judging: options.judging,
    memory: createMemory(() => messageBytes),
  };
  return (client, gate) => {
    if (client instanceof Socket) client.setNoDelay(true);
    ({ messageBytes } = gate.limits);
    shakeHands(client, gate, { ...options, arrivals, cancel: (key) => cancels.request(key) }, (arrived) => {
      serveSession(arrived, { ...shared, messageBytes: gate.limits.messageBytes }).catch(() => {
        arrived.client.destroy();
        arrived.session.close("the gateway failed while serving this session");
      });
    });
  };
}
