import { type Notifications, startNotifications } from "../../notifications/notifications.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Boot, InForce } from "./boot.ts";
import type { IdentityServices } from "./identity/identity-services.ts";
import type { Records } from "./records.ts";
import { slackPorts } from "./slack-ports.ts";
import type { GrantService } from "./start-grants.ts";

/** Starts to tell people of what they have to decide. */
export async function startNotifying(
  { clock, logger, onStop }: Boot,
  inForce: InForce,
  { audit, store, feed, reader }: Records,
  { people }: IdentityServices,
  grants: GrantService,
  metrics: Metrics,
): Promise<Notifications> {
  const first = inForce.adopted.configuration;
  const notifications = await startNotifications({
    settings: first.notifications,
    log: { id: audit.id, name: first.audit.name },
    firstRecord: audit.first,
    store: store.notifications,
    feed,
    reader,
    ports: slackPorts({
      store: store.grants,
      grants,
      people,
      roles: () => inForce.adopted.configuration.identity.roles,
    }),
    clock,
    url: first.url,
    counted: (what) => metrics.notified(what),
    problem: (message) => logger.warn({ problem: message }, "notifications"),
  });
  onStop(() => notifications.stop());
  return notifications;
}
