import type { Logger } from "pino";
import { plain } from "../../../configuration/freeze.ts";
import type { Configuration } from "../../../configuration/types.ts";
import { oktaClient } from "../../../identity/okta-api/client.ts";
import { oktaScopes } from "../../../identity/okta-api/settings.ts";
import type { Proofs } from "../../../identity/proofs/proofs.ts";
import type { Signal, SignalSink } from "../../../identity/signals/signal.ts";
import type { CursorStore } from "../../../identity/system-log/cursor.ts";
import { logReader } from "../../../identity/system-log/reader.ts";
import type { LogReader } from "../../../identity/system-log/reader.ts";
import { providerFetch } from "../../../identity/provider/transport.ts";
import { canonicalJson } from "../../../kernel/canonical.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { orgOf } from "./okta-api.ts";
import { issuersOf } from "./signals.ts";

/** The reading of the System Log that a configuration asks for. It outlives a reload. */
export interface SystemLogReading {
  adopt(configuration: Configuration): void;
  /** Milliseconds since the log was last read to its end; undefined where it is not read, or was not yet. */
  readonly lag: number | undefined;
  stop(): void;
}

export function createSystemLogReading(parts: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: SignalSink;
  readonly heard: (signals: readonly Signal[]) => void;
  readonly proofs: Pick<Proofs, "seen">;
  readonly cursors: CursorStore;
}): SystemLogReading {
  const { clock, logger } = parts;
  let reader: LogReader | undefined;
  let digest = "";
  let said = "";

  function failed(problem: string, hint: string | undefined): void {
    // Once for each new trouble, not for each look.
    if (said === problem) return;
    said = problem;
    logger.warn({ problem, ...(hint === undefined ? {} : { hint }) }, "Okta's System Log");
  }

  return {
    adopt(configuration) {
      const { signals, agents } = configuration.identity;
      const provider = agents.find(
        ({ issuer, oktaApi }) => oktaApi !== undefined && signals?.org.includes(orgOf(issuer)) === true,
      );
      const { systemLog } = signals ?? {};
      const issuers = issuersOf(configuration);
      const settings = provider?.oktaApi;
      const next = canonicalJson(
        plain({ systemLog, settings, issuers, issuer: provider?.issuer, ca: provider?.ca }, "value"),
      );
      if (next === digest) return;
      digest = next;
      reader?.stop();
      reader = undefined;
      if (systemLog === undefined || provider === undefined || settings === undefined) return;
      const org = orgOf(provider.issuer);
      const fetch = providerFetch(provider.ca);
      reader = logReader({
        okta: oktaClient({ org, settings, scopes: [oktaScopes.logs], fetch, clock }),
        every: systemLog.every,
        issuers,
        sink: parts.sink,
        heard: parts.heard,
        proofs: parts.proofs,
        cursors: parts.cursors,
        name: `system_log ${org} ${configuration.audit.name}`,
        clock,
        failed,
      });
      reader.start();
    },
    get lag() {
      return reader?.lag;
    },
    stop: () => reader?.stop(),
  };
}
