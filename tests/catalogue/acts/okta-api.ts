import { newSigningKey, startOktaStandIn, type OktaStandIn, type StandInAgent } from "@mayfly/okta-stand-in";
import { until } from "../../../packages/gateway/src/identity/okta-api/testing/org.ts";
import type { Identity } from "../../../packages/gateway/src/identity/identity.ts";
import type { Signal } from "../../../packages/gateway/src/identity/signals/signal.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { identityOf } from "../../../packages/gateway/src/main/wiring/identity/identity.ts";
import { createOktaApis } from "../../../packages/gateway/src/main/wiring/identity/okta-api.ts";
import { createSystemLogReading } from "../../../packages/gateway/src/main/wiring/identity/system-log.ts";
import type { Act, Ready } from "../case.ts";

type Jwk = StandInAgent["keys"][number];

const key = await newSigningKey("RS256");
const other = await newSigningKey("RS256");
const publicHalf = ({ kty, n, e, kid }: Jwk): Jwk => ({ kty, n, e, kid }) as Jwk;

/** An org of Okta's that lets the gateway ask, and files with keys: its own, and one that the org does not know. */
async function withOrg(
  load: Parameters<Act>[0],
  act: (okta: OktaStandIn, loaded: Ready, clock: FakeClock) => Promise<string>,
): Promise<string> {
  const okta = await startOktaStandIn({
    agents: [
      {
        clientId: "0oabot",
        keys: [publicHalf(key)],
        groups: ["assigned"],
        profile: { mayfly_groups: ["from-profile"] },
      },
      {
        clientId: "0oagateway",
        keys: [publicHalf(key)],
        oktaScopes: ["okta.apps.read", "okta.logs.read"],
        adminRole: "READ_ONLY_ADMIN",
      },
    ],
  });
  try {
    const files = {
      "okta.json": JSON.stringify({ ...key, kid: undefined }),
      "other.json": JSON.stringify(other),
    };
    const loaded = await load({ port: String(okta.port), kid: key.kid ?? "" }, files);
    return await act(okta, loaded, fakeClock(Date.now()));
  } catch (error) {
    if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
    throw error;
  } finally {
    await okta.close();
  }
}

/**
 * Verifies the token of a service app and says whether it is in a group.
 * @param meanwhile what happens between a first look and the one that counts
 */
export const inGroup = (
  group: string,
  meanwhile: (okta: OktaStandIn, clock: FakeClock) => void = () => undefined,
): Act => {
  const look = async (identity: Identity, token: string): Promise<string> => {
    const { groups, groupsUnknown } = (await identity.verify(token)).principal;
    if (groupsUnknown !== undefined) return `groups_unknown | ${groupsUnknown}`;
    return groups.includes(group) ? "passed" : `other groups | ${groups.join(", ")}`;
  };
  return (load) =>
    withOrg(load, async (okta, { configuration }, clock) => {
      const news = { changed: () => undefined, ended: () => undefined };
      const api = createOktaApis({ configuration, clock, news });
      const identity = identityOf(configuration, clock, { info: () => undefined } as never, {
        okta: api.asked,
      });
      try {
        const token = await okta.tokenFor({ agent: "0oabot" });
        const first = await look(identity, token);
        meanwhile(okta, clock);
        return first === "passed" ? await look(identity, token) : first;
      } finally {
        identity.close();
        api.close();
      }
    });
};

/** Deactivates an app, and says whether the System Log has told of it after so long. */
export const heardFromLog = (after: number): Act => {
  return (load) =>
    withOrg(load, async (okta, { configuration }, clock) => {
      const received: Signal[] = [];
      const log = createSystemLogReading({
        clock,
        logger: { warn: () => undefined } as never,
        sink: {
          async receive(signals) {
            received.push(...signals);
            return [];
          },
        },
        heard: () => undefined,
        proofs: { seen: () => undefined },
        cursors: { read: async () => undefined, keep: async () => undefined },
      });
      try {
        log.adopt(configuration);
        clock.advance(0);
        if (configuration.identity.signals?.systemLog === undefined) return "not_read | nobody reads the log";
        await until(() => log.lag !== undefined);
        okta.deactivate("0oabot");
        clock.advance(after);
        await until(() => log.lag === 0 || received.length > 0).catch(() => undefined);
        return received.length > 0 ? "passed" : "not_heard | the log was not read again yet";
      } finally {
        log.stop();
      }
    });
};
