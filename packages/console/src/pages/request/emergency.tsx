import "./emergency.css";
import type { Grant, Request, WebhookDelivery } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { deliveriesQuery, storyQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Icon } from "../../components/icons.tsx";
import { Facts } from "../../components/table.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { useBackground } from "./background.tsx";
import { overText, reviewText, takenText } from "./words.ts";

/** Who was told, as far as whoever looks may know: deliveries are for operators. */
function Told({ id }: { id: string }): ReactNode {
  const isOperator = useRoles().includes("operator");
  const story = useQuery({ ...storyQuery(id), enabled: isOperator }).data;
  const deliveries = useQuery({ ...deliveriesQuery, enabled: isOperator }).data;
  const taken = story?.records.find(({ type }) => type === "break_glass.activated");
  if (deliveries === undefined || taken === undefined)
    return "Everyone whom the gateway’s webhooks and Slack channel reach. Operators see each delivery here.";
  const told = deliveries.filter(({ seq, type }) => seq === taken.seq && type === taken.type);
  if (told.length === 0)
    return "No webhook: no delivery of it is kept. A Slack channel, where one is configured.";
  return (
    <ul>
      {told.map((delivery) => (
        <li key={delivery.id}>
          <Delivered delivery={delivery} />
        </li>
      ))}
    </ul>
  );
}

function Delivered({ delivery }: { delivery: WebhookDelivery }): ReactNode {
  const { webhook, state, delivered_at: at } = delivery;
  return (
    <>
      Webhook <Untrusted text={webhook} />: {state}
      {at !== undefined && (
        <>
          {" "}
          <Time at={at} />
        </>
      )}
    </>
  );
}

/** Whether one’s own grant is still in force, where the background, which says how much was done, is not known. */
function Now({ grant }: { grant: Grant }): ReactNode {
  return (
    overText(grant) ?? (
      <>
        in force for <Countdown until={grant.ends_at} />
      </>
    )
  );
}

/** What nobody may miss of access that was taken in an emergency. */
export function EmergencyBanner({ request, readsLog }: { request: Request; readsLog: boolean }): ReactNode {
  const taken = useBackground(request.id)?.taken;
  const { grant } = request;
  return (
    <section className="emergency" aria-label="Emergency access">
      <h2 className="emergency-title">
        <Icon name="warning" size={22} />
        Emergency access: break-glass
      </h2>
      <blockquote className="emergency-reason">
        <Untrusted text={request.reason} />
      </blockquote>
      <Facts
        facts={[
          [
            "Permitted by",
            request.policies.length === 0 ? undefined : (
              <Untrusted key="policy" text={request.policies.join(", ")} />
            ),
          ],
          ["Reviewed", reviewText(request)],
          ["Told", readsLog ? <Told key="told" id={request.id} /> : "Everyone concerned."],
          ["Now", taken === undefined && grant !== undefined ? <Now key="now" grant={grant} /> : undefined],
          ["Done", taken === undefined ? undefined : <Untrusted key="done" text={takenText(taken)} />],
        ]}
      />
    </section>
  );
}
