import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { FakeProvider, sharedKey, signRaw, testKey } from "../../testing/fake-provider.ts";
import type { TestKey } from "../../testing/fake-provider.ts";
import { discover } from "../../provider/discovery.ts";
import { keptSender } from "../sender.ts";
import type { Discover, KeptSender } from "../sender.ts";
import type { Signal, SignalSink } from "../signal.ts";

export const org = "https://example.okta.com";
export const agents = `${org}/oauth2/aus1`;

/** A key that is nobody's. */
export const forgersKey: TestKey = testKey("key-1");

/** A sink that keeps what it is given, and knows what came before. */
export interface RecordingSink extends SignalSink {
  readonly received: Signal[];
  /** Lets the next receipt fail. */
  failWith: Error | undefined;
}

export function recordingSink(): RecordingSink {
  const received: Signal[] = [];
  const seen = new Set<string>();
  const sink: RecordingSink = {
    received,
    failWith: undefined,
    async receive(signals) {
      const { failWith: error } = sink;
      sink.failWith = undefined;
      if (error !== undefined) throw error;
      return signals.map((signal) => {
        const isRepeat = seen.has(signal.id);
        seen.add(signal.id);
        if (!isRepeat) received.push(signal);
        return { signal, isRepeat, grants: [], requests: [], sessions: [] };
      });
    },
  };
  return sink;
}

/** An org that signs, with its clock and its key server. */
export interface SenderScene {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly provider: FakeProvider;
  readonly sender: KeptSender;
  /** Signs claims; `key` left out: with the org's own. */
  sign(
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
    key?: TestKey,
  ): string;
}

export function senderScene(issuer = org, discoverAt: Discover = discover): SenderScene {
  const clock = fakeClock();
  const provider = new FakeProvider(issuer);
  const sender = keptSender({ issuer, outage: 600_000, allowInsecureLoopback: false }, clock, {
    fetch: provider.fetch,
    discoverAt,
  });
  return {
    clock,
    provider,
    sender,
    sign: (claims, header = {}, key = sharedKey) =>
      signRaw(JSON.stringify({ kid: key.kid, alg: key.alg, ...header }), JSON.stringify(claims), key),
  };
}
