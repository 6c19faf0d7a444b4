import { Client, type ClientConfig } from "pg";
import { backoffOf } from "../kernel/backoff.ts";
import {
  CHANGES_CHANNEL,
  parseChange,
  QUESTIONS_CHANNEL,
  type StoreChange,
  type StoreChanges,
} from "./changes.ts";

/** Between tries to hear the store again, milliseconds. */
const RETRY = { first: 100, max: 5000 };
/** How often a silent connection is asked whether it still hears, milliseconds: its peer may be gone without a word. */
const ASK_EVERY_MS = 2000;

/**
 * Listens to a PostgreSQL store on a connection of its own (PostgreSQL's manual, "LISTEN").
 * @param config how to connect, every wait bounded
 * @param isOwn whether a server process serves a connection of this gateway: what that changed is known here
 */
export function postgresChanges(config: ClientConfig, isOwn: (processId: number) => boolean): StoreChanges {
  return {
    listen(told) {
      let isStopped = false;
      let failures = 0;
      let client: Client | undefined;
      let timer: NodeJS.Timeout | undefined;

      const later = (work: () => void, ms: number): void => {
        clearTimeout(timer);
        if (!isStopped) timer = setTimeout(work, ms).unref();
      };
      const again = (from: Client): void => {
        if (client !== from) return;
        client = undefined;
        from.end().catch(() => undefined);
        failures += 1;
        later(connect, backoffOf(failures, RETRY));
      };
      const askLater = (from: Client): void =>
        later(() => {
          askNow(from).catch(() => again(from));
        }, ASK_EVERY_MS);

      async function askNow(from: Client): Promise<void> {
        await from.query("select 1");
        // Its end may have come with the answer.
        if (client === from) askLater(from);
      }

      function connect(): void {
        const made = new Client(config);
        client = made;
        made.on("error", () => again(made));
        made.on("end", () => again(made));
        made.on("notification", ({ processId, channel, payload = "" }) => {
          if (isOwn(processId)) return;
          tell(told, channel === QUESTIONS_CHANNEL ? { kind: "questions" } : parseChange(payload));
        });
        hear(made).catch(() => again(made));
      }

      async function hear(made: Client): Promise<void> {
        await made.connect();
        await made.query(`listen ${CHANGES_CHANNEL}; listen ${QUESTIONS_CHANNEL}`);
        // Its end may have come with the answer.
        if (client !== made) return;
        failures = 0;
        // What was changed before this connection listened.
        tell(told, { kind: "all" });
        askLater(made);
      }

      connect();
      return async () => {
        isStopped = true;
        clearTimeout(timer);
        const last = client;
        client = undefined;
        await last?.end().catch(() => undefined);
      };
    },
  };
}

/** A fault of whoever is told must not end the connection. */
function tell(told: (change: StoreChange) => void, change: StoreChange): void {
  try {
    told(change);
  } catch {
    // They look by themselves as well.
  }
}
