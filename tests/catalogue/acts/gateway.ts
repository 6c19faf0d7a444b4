import { createServer, type AddressInfo } from "node:net";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import { startGateway, type RunningGateway } from "../../../packages/gateway/src/main/gateway.ts";
import { createLogger } from "../../../packages/gateway/src/main/telemetry/logger.ts";
import { environment, type Act, type Document } from "../case.ts";
import { certificates } from "./upstream.ts";

/** A gateway that serves, on a clock that the case moves. */
export interface Serving extends RunningGateway {
  readonly clock: FakeClock;
  /** The configuration's. */
  readonly folder: string;
}

/** Starts a gateway as `mayflyd` does; what refuses the start is the outcome: `CODE | words`. */
export function serving(
  act: (gateway: Serving) => Promise<string>,
  files: () => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Act {
  return async (load) => {
    // A port that another program has.
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const clock = fakeClock(Date.now());
    const undo: (() => Promise<unknown>)[] = [() => new Promise((resolve) => other.close(resolve))];
    try {
      const taken = String((other.address() as AddressInfo).port);
      const { file, folder } = await load({ taken }, { ...(await certificates()).files, ...(await files()) });
      const logger = createLogger("silent");
      const gateway = await moving(clock, startGateway({ file, environment, clock, logger }));
      undo.push(() => moving(clock, gateway.stop("the case is over")));
      return await act({ ...gateway, clock, folder });
    } catch (error) {
      if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
      throw error;
    } finally {
      for (const step of undo.toReversed()) await step();
    }
  };
}

/** Nothing outside is asked for anything. */
export function alone(document: Document): void {
  const { orders } = document.connections;
  document.connections = { orders };
  document.identity.agents = {
    issuer: "http://127.0.0.1:9/oauth2/aus1",
    audience: "api://mayfly",
    allow_insecure_loopback: true,
  };
}

/** Waits on a clock that nobody else moves: whoever starts or stops waits for the log's index, which reads by it. */
async function moving<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const ticker = setInterval(() => clock.advance(100), 5);
  try {
    return await work;
  } finally {
    clearInterval(ticker);
  }
}
