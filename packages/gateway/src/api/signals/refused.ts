import type { NewRecord } from "../../audit/records.ts";
import { SignalRefused } from "../../identity/signals/signal-refused.ts";
import type { SignalChannel } from "../../identity/signals/signal.ts";
import type { OpenCall } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";

/** The record of a message that was refused. It names the check and repeats nothing that came. */
function refusedRecord(channel: SignalChannel, address: string, refusal: SignalRefused): NewRecord {
  const { why: code, message, hint } = refusal;
  return {
    type: "signal.refused",
    detail: { channel, address, code, why: message, ...(hint === undefined ? {} : { hint }) },
  };
}

/**
 * Takes a message of the identity provider's. An address has a number of tries, taken before anything is verified; whoever proves to be
 * the sender gets theirs back, so that an org that signs a whole company out is not held up.
 * @throws ApiProblem 429 when the address has none left; what `take` throws, its refusals recorded
 */
export async function takeMessage<T>(
  channel: SignalChannel,
  call: OpenCall,
  take: () => Promise<T>,
): Promise<T> {
  const wait = call.takeSignal();
  if (wait > 0) {
    const seconds = Math.ceil(wait / 1000);
    throw new ApiProblem(
      "too_many_requests",
      429,
      "too many messages from this address were refused",
      `send it again in ${seconds} s`,
      { headers: { "retry-after": String(seconds) } },
    );
  }
  try {
    const taken = await take();
    call.giveSignal();
    return taken;
  } catch (thrown) {
    if (thrown instanceof SignalRefused) {
      call.services.signals?.refused(channel);
      call.recordRefusal(refusedRecord(channel, call.address, thrown));
    } else {
      // The gateway's own trouble is not the sender's.
      call.giveSignal();
    }
    throw thrown;
  }
}

/** The one value of a header; undefined where there is none, or two that could be understood differently. */
export function headerOf({ rawHeaders }: Pick<OpenCall, "rawHeaders">, name: string): string | undefined {
  const values = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
  return values.length === 1 ? values[0] : undefined;
}

/** Where a channel is not configured, there is nothing. */
export function notConfigured(member: string): ApiProblem {
  return new ApiProblem(
    "not_found",
    404,
    "this channel is not configured here",
    `the operator configures identity.signals.${member}`,
  );
}
