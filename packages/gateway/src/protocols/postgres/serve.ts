import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Gate } from "../../gate/gate.ts";
import { createHandshakeTurns } from "../../gate/limits/handshake-turns.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { PostgresAct, PostgresCover } from "./act.ts";
import { createArrivals } from "./login/arrivals.ts";
import { createBackendEndings } from "./upstream/backend-endings.ts";
import { createCancels, type SharedCancels } from "./login/cancels.ts";
import { performHandshake } from "./login/handshake.ts";
import type { Judging } from "./relay/judging.ts";
import { createLastWords } from "./relay/denials.ts";
import type { Judges } from "./guard/verdicts.ts";
import { createMemory } from "./relay/memory.ts";
import { createPacing } from "./relay/pacing.ts";
import { createPausedClients } from "./relay/paused-clients.ts";
import { createDatabaseFacts } from "./upstream/database-facts.ts";
import { createReadFound } from "./upstream/found/read.ts";
import { createPlainTables } from "./upstream/plain-tables.ts";
import { createRefusesTemporary } from "./upstream/temporary-tables.ts";
import { createMaskedColumns } from "./upstream/masked-columns.ts";
import { createTableColumns } from "./upstream/table-columns.ts";
import { createServers } from "./upstream/server-limits.ts";
import { gatewayMark, type GatewayMark } from "./login/session-name.ts";
import type { SessionOptions } from "./session-options.ts";
import { serveSession } from "./session.ts";
import { createTexts } from "./relay/texts.ts";
import { createTurns } from "./relay/turns.ts";

/** What the wire part of the protocol stands on. */
export interface ServeOptions {
  readonly clock: Clock;
  readonly secureContext: () => SecureContext;
  readonly allowInsecureLoopback: boolean;
  /** How this gateway's sessions are told from others' upstream; left out: by chance. */
  readonly mark?: () => GatewayMark;
  /** Left out: no other process has sessions of this port. */
  readonly cancels?: SharedCancels;
  readonly judging: Judging;
  /** The judges that the gate's checks use too. */
  readonly judges: Judges;
}

/** Makes the function that serves one client connection until it ends. All its sessions share their cancel keys. */
export function createServe(
  options: ServeOptions,
): (client: Duplex, gate: Gate<PostgresAct, PostgresCover>) => void {
  const { clock } = options;
  const cancels = createCancels(options.cancels);
  const texts = createTexts();
  const arrivals = createArrivals(clock);
  const turns = createHandshakeTurns();
  const byChance = gatewayMark(randomUUID());
  let messageBytes = 0;
  const shared: Omit<SessionOptions, "messageBytes" | "statementBytes" | "mark"> = {
    clock,
    cancels,
    texts,
    servers: createServers(clock),
    readDatabaseFacts: createDatabaseFacts(clock),
    readFound: createReadFound(clock),
    readTableColumns: createTableColumns(clock),
    readMaskedColumns: createMaskedColumns(clock),
    readPlainTables: createPlainTables(clock),
    refusesTemporary: createRefusesTemporary(clock),
    endings: createBackendEndings(clock),
    pacing: createPacing(clock),
    judging: options.judging,
    judges: options.judges,
    lastWords: createLastWords(),
    memory: createMemory(() => messageBytes),
    turns: createTurns(),
    pausedClients: createPausedClients(clock),
  };
  return (client, gate) => {
    if (client instanceof Socket) client.setNoDelay(true);
    ({ messageBytes } = gate.limits);
    performHandshake(
      client,
      gate,
      { ...options, arrivals, turns, cancel: (key) => cancels.request(key) },
      (arrived) => {
        const mark = options.mark?.() ?? byChance;
        serveSession(arrived, { ...shared, mark, ...gate.limits }).catch(() => {
          arrived.client.destroy();
          arrived.session.close({
            cause: "fault",
            words: "the gateway failed while serving this session",
          });
        });
      },
    );
  };
}
