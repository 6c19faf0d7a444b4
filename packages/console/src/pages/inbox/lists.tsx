import { useQuery } from "@tanstack/react-query";
import { linkOptions } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { emergenciesQuery } from "../../api/queries.ts";
import { Badge } from "../../components/badge.tsx";
import { ListsNav } from "../../components/lists-nav.tsx";
import type { InboxSearch } from "./search.ts";

/** The lists of the inbox, and how many emergencies wait for a review of the reviewer's. */
export function Lists({ show }: { show: "waiting" | NonNullable<InboxSearch["show"]> }): ReactNode {
  const { data = [] } = useQuery(emergenciesQuery("unreviewed"));
  const toReview = data.filter((request) => request.may_review === true).length;
  const emergencies = (
    <>
      Emergencies
      {toReview > 0 && (
        <Badge tone="bad">
          {toReview}
          <span className="visually-hidden"> to review</span>
        </Badge>
      )}
    </>
  );
  return (
    <ListsNav
      shown={show}
      lists={[
        { key: "waiting", link: linkOptions({ to: "/inbox", search: {} }), label: "Waiting" },
        {
          key: "decided",
          link: linkOptions({ to: "/inbox", search: { show: "decided" } }),
          label: "Decided by you",
        },
        {
          key: "emergencies",
          link: linkOptions({ to: "/inbox", search: { show: "emergencies" } }),
          label: emergencies,
        },
      ]}
    />
  );
}
