import type { LiveGrant } from "../grants/types.ts";
import { limitedRecords } from "../kernel/limited-records.ts";
import { RECORDED_REFUSALS } from "./bounds.ts";
import type { ClientFacts, SessionRefused } from "./gate.ts";
import { addressKey } from "./limits/places.ts";
import type { GateParts } from "./parts.ts";
import type { Turn } from "./turn.ts";

/** Records who was refused, as often as is bearable. Never throws. */
export interface RefusalRecords {
  readonly record: (client: ClientFacts, connection: string, why: string, live?: LiveGrant) => void;
  /** Records a refusal and gives it back. @param why for the record, where it says more than the client is told */
  refuse(
    client: ClientFacts,
    connection: string,
    refusal: SessionRefused,
    why?: string,
    live?: LiveGrant,
  ): SessionRefused;
}

export function createRefusalRecords(parts: GateParts, turn: Turn): RefusalRecords {
  /** Failed log-ins that are recorded: a flood must not fill the disk, nor hide those from elsewhere. */
  const recorded = limitedRecords(parts.clock, RECORDED_REFUSALS.each, RECORDED_REFUSALS.total);

  const record: RefusalRecords["record"] = (client, connection, why, live) => {
    parts.count("refused");
    try {
      recorded.record(addressKey(client.address), (leftOut) => {
        parts.log.append({
          type: "session.refused",
          connection: connection.slice(0, 64),
          ...(live === undefined ? {} : { principal: live.principal, grant: live.grant.id }),
          configuration: parts.configuration().digest,
          detail: {
            address: client.address,
            ...(leftOut > 0 ? { left_out_before: leftOut } : {}),
            protocol: client.protocol,
            reason: why.slice(0, 1000),
            tls: client.tls,
          },
        });
        turn.written();
      });
    } catch (error) {
      parts.fault(error);
    }
  };

  return {
    record,
    refuse(client, connection, refusal, why, live) {
      record(client, connection, why ?? refusal.denial.message, live);
      return refusal;
    },
  };
}
