import { Counter, Histogram, type Registry } from "prom-client";
import type { SignalChannel, SignalOutcome } from "../../identity/signals/signal.ts";

/** What the identity provider said, and what came of it. */
export interface SignalMetrics {
  /** @param delayMs from when it happened, as the provider says, to when it was carried out here */
  signalled(outcome: SignalOutcome, delayMs: number): void;
  signalRefused(channel: SignalChannel): void;
}

export function createSignalMetrics(registry: Registry): SignalMetrics {
  const registers = [registry];
  const signals = new Counter({
    name: "mayfly_signals_total",
    help: "Signals of the identity provider that were carried out, by channel and effect",
    labelNames: ["channel", "effect"],
    registers,
  });
  const signalsRefused = new Counter({
    name: "mayfly_signals_refused_total",
    help: "Calls that said to be signals of the identity provider and were refused",
    labelNames: ["channel"],
    registers,
  });
  const signalEnds = new Counter({
    name: "mayfly_signal_ends_total",
    help: "What signals of the identity provider ended",
    labelNames: ["what"],
    registers,
  });
  const signalDelay = new Histogram({
    name: "mayfly_signal_delay_seconds",
    help: "From when something happened, as the provider says, to its effect here",
    labelNames: ["channel"],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600],
    registers,
  });
  return {
    signalled({ signal, grants, requests, sessions }, delayMs) {
      signals.labels(signal.channel, signal.effect).inc();
      signalDelay.labels(signal.channel).observe(delayMs / 1000);
      signalEnds.labels("grant").inc(grants.length);
      signalEnds.labels("request").inc(requests.length);
      signalEnds.labels("browser_session").inc(sessions.length);
    },
    signalRefused: (channel) => signalsRefused.labels(channel).inc(),
  };
}
