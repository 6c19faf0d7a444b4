import "./style.css";
import type { Overview } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { liveQuery, overviewQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Card } from "../../components/card.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { ActsChart } from "./chart.tsx";
import { Lanes } from "./lanes.tsx";

interface Number {
  readonly label: string;
  /** The label of exactly one; left out: the same. */
  readonly one?: string;
  readonly value: number;
  readonly link: LinkProps;
  /** It deserves a look when it is not zero. */
  readonly loud?: boolean;
}

function Numbers({ label, numbers }: { label: string; numbers: readonly Number[] }): ReactNode {
  return (
    <ul className="overview-numbers" aria-label={label}>
      {numbers.map((number) => (
        <li key={number.label}>
          <Link
            {...number.link}
            className={`overview-number${number.loud === true && number.value > 0 ? " overview-number-loud" : ""}`}
          >
            <span className="overview-value numeric">{number.value.toLocaleString("en")}</span>
            <span className="muted">{number.value === 1 ? (number.one ?? number.label) : number.label}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function nowOf({ now }: Overview, isReviewer: boolean): readonly Number[] {
  const waiting: LinkProps = isReviewer
    ? { to: "/inbox" }
    : { to: "/activity", search: { type: "request.created" } };
  return [
    { label: "running now", value: now.running, link: { to: "/live", search: { show: "running" } } },
    {
      label: "emergencies",
      one: "emergency",
      value: now.break_glass,
      link: { to: "/live", search: { show: "emergency" } },
      loud: true,
    },
    {
      label: "emergencies to review",
      one: "emergency to review",
      value: now.unreviewed,
      link: { to: "/emergencies" },
      loud: true,
    },
    { label: "awaiting approval", value: now.waiting, link: waiting },
    {
      label: "end within 15 min",
      one: "ends within 15 min",
      value: now.expiring,
      link: { to: "/live", search: { show: "expiring" } },
    },
    {
      label: "active grants",
      one: "active grant",
      value: now.grants,
      link: { to: "/live", search: { unused: true } },
    },
    {
      label: "agents with access",
      one: "agent with access",
      value: now.agents,
      link: { to: "/live", search: { sort: "agent", unused: true } },
    },
  ];
}

function dayOf({ day }: Overview): readonly Number[] {
  const since = (type: string): LinkProps => ({ to: "/activity", search: { type, from: day.from } });
  return [
    { label: "requests", one: "request", value: day.asked, link: since("request.created") },
    { label: "grants", one: "grant", value: day.granted, link: since("grant.activated") },
    {
      label: "denied or refused",
      value: day.denied + day.refused,
      link: since("request.denied,request.refused"),
    },
    {
      label: "emergencies",
      one: "emergency",
      value: day.break_glass,
      link: since("break_glass.activated"),
      loud: true,
    },
    { label: "grants revoked", one: "grant revoked", value: day.revoked, link: since("grant.revoked") },
    { label: "acts denied", one: "act denied", value: day.denied_acts, link: since("act.denied") },
  ];
}

/** What there is now and was over the last day, in numbers that lead to lists. */
export function OverviewPage(): ReactNode {
  const isReviewer = useRoles().includes("reviewer");
  const { data, error, refetch } = useQuery(overviewQuery);
  const live = useQuery(liveQuery).data;
  if (data === undefined)
    return (
      <Page title="Overview">
        <Card>
          {error === null ? (
            <Skeleton lines={8} />
          ) : (
            <ErrorState error={error} retry={() => void refetch()} />
          )}
        </Card>
      </Page>
    );
  return (
    <Page title="Overview" description="What is live and what waits, and what the last day brought.">
      <Numbers label="Now" numbers={nowOf(data, isReviewer)} />
      <Card title={`The last 24 hours: ${data.day.acts.toLocaleString("en")} acts permitted`}>
        <div className="stack">
          <Numbers label="The last 24 hours" numbers={dayOf(data)} />
          <ActsChart hours={data.hours} />
        </div>
      </Card>
      <Card title="Who has access, and until when">
        {live === undefined ? (
          <Skeleton lines={5} />
        ) : live.grants.length === 0 ? (
          <EmptyState icon="live" title="No active grants">
            A grant appears here when it becomes active.
          </EmptyState>
        ) : (
          <Lanes live={live} />
        )}
      </Card>
    </Page>
  );
}
