import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { mayfly } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { openLines, verdictTones, worstFirst } from "./probed.ts";

/** The hosts that were probed for ways around the gateway; for operators and auditors. */
export function ProbedHosts(): ReactNode {
  const { data, error, refetch } = useQuery({ queryKey: ["probes"], queryFn: () => mayfly.probes.hosts() });
  return (
    <Card title="Ways around the gateway" flush>
      {data === undefined ? (
        error === null ? (
          <Skeleton lines={3} />
        ) : (
          <ErrorState error={error} retry={() => void refetch()} />
        )
      ) : data.length === 0 ? (
        <EmptyState icon="connections" title="No host was probed">
          An operator makes a token with mayfly probe-token; mayfly probe, run where an agent runs, tries
          every direct way and reports it here.
        </EmptyState>
      ) : (
        <Table label="Probed hosts">
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col">Verdict</th>
              <th scope="col">Probed</th>
              <th scope="col">Reported by</th>
              <th scope="col">Not closed</th>
            </tr>
          </thead>
          <tbody>
            {worstFirst(data).map((host) => (
              <tr key={host.probe}>
                <td>
                  <strong>
                    <Untrusted text={host.host} />
                  </strong>{" "}
                  <span className="muted">
                    <Untrusted text={host.address} />
                  </span>
                </td>
                <td>
                  <Badge tone={verdictTones[host.verdict]}>{host.verdict}</Badge>
                </td>
                <td>
                  <Time at={host.probed_at} />
                </td>
                <td>
                  <Untrusted text={host.principal.name} />
                </td>
                <td className="wrap">
                  {openLines(host).map((line) => (
                    <p key={line}>
                      <Untrusted text={line} />
                    </p>
                  ))}
                  {host.credentials.length > 0 && (
                    <p className="muted">
                      Credentials on the host:{" "}
                      <Untrusted text={host.credentials.map(({ place }) => place).join(", ")} />
                    </p>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
