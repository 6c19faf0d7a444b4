// One session of PostgreSQL between two sockets that cost nothing, with the real gate, guard and log.
import type { Socket } from "node:net";
import { FakeSocket } from "./fake-socket.ts";
import { turnOver } from "./measure.ts";
import { agent, createScene, scopeOf, type Scene } from "./scene.ts";
import { deadlineAfter, systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { plainDatabase } from "../../packages/gateway/src/protocols/postgres/guard/database.ts";
import { createCancels } from "../../packages/gateway/src/protocols/postgres/login/cancels.ts";
import { createLastWords } from "../../packages/gateway/src/protocols/postgres/relay/denials.ts";
import { createJudging } from "../../packages/gateway/src/protocols/postgres/relay/judging.ts";
import { createMemory } from "../../packages/gateway/src/protocols/postgres/relay/memory.ts";
import { createPausedClients } from "../../packages/gateway/src/protocols/postgres/relay/paused-clients.ts";
import { startRelay, type RelayOptions } from "../../packages/gateway/src/protocols/postgres/relay/relay.ts";
import { createTexts } from "../../packages/gateway/src/protocols/postgres/relay/texts.ts";
import { createTurns } from "../../packages/gateway/src/protocols/postgres/relay/turns.ts";
import { createTimeLimits } from "../../packages/gateway/src/protocols/postgres/upstream/time-limits.ts";

const TERM_MS = 3_600_000;
const MOST_BYTES = 1 << 26;

export interface Sockets {
  readonly client: FakeSocket;
  readonly server: FakeSocket;
  readonly stop: () => void;
}

export interface Relayed {
  readonly client: FakeSocket;
  /** The client sends this, and the server answers once it has come. */
  exchange(asked: Buffer, answers: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

/** What the sessions of one gateway share, as far as the relay looks at it. */
export type Common = ReturnType<typeof commonOf>;

export function commonOf({ judges }: Scene) {
  return {
    clock: systemClock,
    cancels: createCancels(),
    texts: createTexts(),
    messageBytes: MOST_BYTES,
    statementBytes: MOST_BYTES,
    judging: createJudging(),
    judges,
    lastWords: createLastWords(),
    memory: createMemory(() => MOST_BYTES),
    turns: createTurns(),
    pausedClients: createPausedClients(systemClock),
    // Nobody waits for the server's end.
    pacing: () => undefined,
    endings: {} as never,
  };
}

/** Opens a session for the agent of that number, and relays between two sockets. */
export async function relay(scene: Scene, common: Common, number: number): Promise<Sockets> {
  const session = await scene.open(agent(number), await scene.activate(agent(number)));
  const [client, server] = [new FakeSocket(), new FakeSocket()];
  const unused = {} as never;
  const scopes = [{ name: "shop/read-0", scope: scopeOf(0) }];
  const deadline = deadlineAfter(systemClock, TERM_MS);
  const bounds = ["statement_timeout", "idle_in_transaction_session_timeout"];
  startRelay({
    ...common,
    client: client as unknown as Socket,
    upstream: {
      socket: server as unknown as Socket,
      key: Buffer.alloc(8),
      parameters: new Map(),
      tls: unused,
    },
    target: { search_path: ["public"] },
    session,
    granted: { channels: new Set(), scopes, tables: new Set() },
    pinned: new Map(),
    database: plainDatabase,
    hideQuotes: false,
    limits: createTimeLimits({
      server: {} as never,
      bounds: new Map(bounds.map((name) => [name, Number.POSITIVE_INFINITY])),
      left: () => deadline.monotonic - performance.now(),
      name: "growth",
    }),
    deadline,
  } as unknown as RelayOptions);
  return { client, server, stop: () => session.close({ cause: "client_gone", words: "over" }) };
}

/** One session, in a gateway of its own. */
export async function relayed(folder: string): Promise<Relayed> {
  const scene = await createScene(folder);
  const common = commonOf(scene);
  const { client, server, stop } = await relay(scene, common, 1);
  return {
    client,
    async exchange(asked, answers) {
      const { writes } = server;
      client.emit("data", asked);
      do await turnOver();
      while (server.writes === writes);
      for (const [at, answer] of answers.entries()) {
        await server.say(answer);
        if (at % 16 === 15) await turnOver();
      }
      await turnOver();
    },
    async close() {
      common.judging.stop();
      stop();
      await scene.close();
    },
  };
}
