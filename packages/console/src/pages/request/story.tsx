import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { storyQuery } from "../../api/queries.ts";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Timeline } from "../activity/timeline.tsx";

/** The whole story of a request from the audit log, for those who may read it. */
export function Story({ id }: { id: string }): ReactNode {
  const { data, error, refetch } = useQuery(storyQuery(id));
  return (
    <Card title="The whole story">
      {data === undefined ? (
        error === null ? (
          <Skeleton lines={6} />
        ) : (
          <ErrorState error={error} retry={() => void refetch()} />
        )
      ) : data.records.length === 0 ? (
        <EmptyState icon="activity" title="Nothing recorded">
          <p>
            The audit log has no record of this request: it is older than the log, or its index is being
            rebuilt.
          </p>
        </EmptyState>
      ) : (
        <Timeline records={data.records} partial={data.next_before !== undefined} />
      )}
    </Card>
  );
}
