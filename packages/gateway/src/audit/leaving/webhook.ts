import type { WebhookDestination } from "../../kernel/checkpoint-settings.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Destination } from "./destination.ts";
import { createExchange, refusal } from "./exchange.ts";

/** Posts each checkpoint as it is: a text, which the receiver can keep as a file. Any 2xx is a yes. */
export function webhookDestination({ url, headers, ca }: WebhookDestination, clock: Clock): Destination {
  const exchange = createExchange(url, ca, clock);
  return {
    async deliver({ origin, size, note }, signal) {
      const { status } = await exchange.ask(
        {
          method: "POST",
          url,
          headers: {
            "content-type": "text/plain; charset=utf-8",
            "user-agent": "mayfly",
            ...(isHeaderText(origin) ? { "mayfly-log": origin } : {}),
            "mayfly-records": String(size),
            ...Object.fromEntries(Array.from(headers, ([name, value]) => [name, value.reveal()])),
          },
          body: note,
        },
        signal,
      );
      if (status < 200 || status >= 300) throw refusal(status);
    },
    close: () => exchange.close(),
  };
}

/** Beyond ASCII a header's value has no agreed encoding (RFC 9110, section 5.5); the note says the log's name anyway. */
function isHeaderText(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
