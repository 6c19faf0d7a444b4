import "./timeline.css";
import "./style.css";
import type { AuditFilter } from "@mayfly/sdk/browser";
import { placeOf } from "./place.ts";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { connectionsQuery } from "../../api/queries.ts";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Icon } from "../../components/icons.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { isEmergency, useEmergencies } from "./emergencies.ts";
import { FilterForm } from "./filter-form.tsx";
import {
  countFilters,
  type FilterChange,
  type Filters,
  queryOf,
  readFilters,
  searchOf,
  withFilters,
} from "./filters.ts";
import { Histogram } from "./histogram.tsx";
import { joined } from "./joined.ts";
import { knownOf } from "./known.ts";
import { lackingText } from "./lacking.ts";
import { Ranges } from "./ranges.tsx";
import { RecordRow } from "./record-row.tsx";
import { SavedSearches } from "./saved-searches.tsx";
import { type Activity, useActivity } from "./use-activity.ts";

/** The audit trail: searched, followed live, and taken away. */
export function ActivityPage(): ReactNode {
  const search = useSearch({ from: "/shell/activity" });
  const navigate = useNavigate({ from: "/activity" });
  const filters = readFilters({ ...search });
  const [following, setFollowing] = useState(true);
  const activity = useActivity(filters, following);
  const { data: connections } = useQuery(connectionsQuery);
  // From what the address says when the change is made, which may be after the page was drawn.
  const put = (members: FilterChange): void =>
    void navigate({
      search: (now) => searchOf(withFilters(readFilters({ ...now }), members)),
      replace: true,
    });
  const narrow = useCallback((next: Filters): void => void navigate({ search: searchOf(next) }), [navigate]);
  return (
    <Page
      title="Activity"
      description="Everything that was asked, decided and done, as the log has it."
      actions={<Export filters={filters} />}
    >
      <FilterForm
        filters={filters}
        put={put}
        clear={() => void navigate({ search: {}, replace: true })}
        known={knownOf(connections ?? [], activity.records ?? [], filters.connection)}
      >
        <Ranges from={filters.from} to={filters.to} put={put} />
        <SavedSearches filters={filters} />
      </FilterForm>
      <Histogram filters={filters} choose={(range) => narrow(withFilters(filters, range))} />
      <div className="stack-s">
        <Bar activity={activity} filters={filters} following={following} setFollowing={setFollowing} />
        <Card flush>
          <Records activity={activity} filters={filters} narrow={narrow} />
        </Card>
      </div>
      <Older activity={activity} />
    </Page>
  );
}

function Export({ filters }: { filters: Filters }): ReactNode {
  const { record: _, ...rest } = filters;
  const query: AuditFilter = queryOf(rest);
  return (
    <>
      <a
        className="button button-secondary button-size-m"
        href={mayfly.audit.exportUrl(query, "jsonl")}
        download
      >
        <Icon name="download" />
        Export JSONL
      </a>
      <a
        className="button button-secondary button-size-m"
        href={mayfly.audit.exportUrl(query, "csv")}
        download
      >
        <Icon name="download" />
        Export CSV
      </a>
    </>
  );
}

function Bar({
  activity: { records, waiting, older, partial, retired, refresh },
  filters,
  following,
  setFollowing,
}: {
  activity: Activity;
  filters: Filters;
  following: boolean;
  setFollowing: (following: boolean) => void;
}): ReactNode {
  const count = records?.length ?? 0;
  const lacking = lackingText(partial, retired);
  return (
    <div className="activity-bar">
      <output className="muted numeric">
        {records === undefined
          ? ""
          : `${count.toLocaleString()}${older === "none" ? "" : "+"} ${count === 1 ? "record" : "records"}, newest first${lacking === undefined ? "" : `, ${lacking}`}`}
      </output>
      {filters.record === undefined && (
        <span className="row">
          {waiting > 0 && (
            <Button size="s" icon="refresh" onClick={refresh}>
              {waiting.toLocaleString()} new
            </Button>
          )}
          <Button size="s" role="switch" aria-checked={following} onClick={() => setFollowing(!following)}>
            <span className={`activity-live-dot${following ? " activity-live-dot-on" : ""}`} />
            Live tail
            <span className="muted" aria-hidden="true">
              {following ? "on" : "off"}
            </span>
          </Button>
        </span>
      )}
    </div>
  );
}

function Records({
  activity: { records, older, error, refresh },
  filters,
  narrow,
}: {
  activity: Activity;
  filters: Filters;
  narrow: (filters: Filters) => void;
}): ReactNode {
  const emergencies = useEmergencies(records);
  if (records === undefined) {
    return error === null ? <Skeleton lines={9} /> : <ErrorState error={error} retry={refresh} />;
  }
  const shown = filters.record === undefined ? records : records.filter(({ seq }) => seq === filters.record);
  if (shown.length === 0) return <Nothing filters={filters} narrow={narrow} />;
  return (
    <ol aria-label="Records">
      {joined(shown, older !== "none").map(({ record, outcome }) => (
        <RecordRow
          key={placeOf(record)}
          record={record}
          outcome={outcome}
          isEmergency={isEmergency(record, emergencies)}
          startsOpen={record.seq === filters.record}
          narrow={narrow}
        />
      ))}
    </ol>
  );
}

function Nothing({ filters, narrow }: { filters: Filters; narrow: (filters: Filters) => void }): ReactNode {
  if (filters.record !== undefined) {
    return (
      <EmptyState
        icon="search"
        title={`There is no record ${filters.record}`}
        action={<Button onClick={() => narrow({})}>Everything</Button>}
      >
        The log holds fewer records than that.
      </EmptyState>
    );
  }
  if (countFilters(filters) > 0) {
    return (
      <EmptyState
        icon="search"
        title="No record matches"
        action={<Button onClick={() => narrow({})}>Clear all filters</Button>}
      >
        Records that match appear here as they are written.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon="activity" title="Nothing has happened yet">
      Every request, decision, grant, session and act appears here the moment it is recorded.
    </EmptyState>
  );
}

function Older({
  activity: { older, loadOlder, error, records, archived },
}: {
  activity: Activity;
}): ReactNode {
  if (records === undefined) return null;
  if (archived !== undefined)
    return (
      <p className="activity-older">
        {archived.records.toLocaleString()} older {archived.records === 1 ? "record is" : "records are"} in
        the log’s archive alone
      </p>
    );
  if (older === "none") return null;
  return (
    <div className="activity-older">
      {error !== null && <ErrorState error={error} />}
      <Button busy={older === "loading"} onClick={loadOlder}>
        Older records
      </Button>
    </div>
  );
}
