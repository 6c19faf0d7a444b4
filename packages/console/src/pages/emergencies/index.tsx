import { linkOptions, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ListsNav } from "../../components/lists-nav.tsx";
import { Page } from "../../components/page.tsx";
import { EmergencyList } from "./list.tsx";

const lists = [
  { key: "unreviewed", link: linkOptions({ to: "/emergencies", search: {} }), label: "To review" },
  {
    key: "reviewed",
    link: linkOptions({ to: "/emergencies", search: { show: "reviewed" } }),
    label: "Reviewed",
  },
];

/** What was taken by breaking glass: what nobody has reviewed yet, or what people found. */
export function EmergenciesPage(): ReactNode {
  const { show } = useSearch({ from: "/shell/emergencies" });
  const isReviewed = show === "reviewed";
  return (
    <Page
      title="Emergencies"
      description={
        isReviewed
          ? "Access taken by breaking glass, and what people found."
          : "Access taken by breaking glass that nobody has reviewed yet."
      }
      actions={<ListsNav shown={isReviewed ? "reviewed" : "unreviewed"} lists={lists} />}
    >
      <EmergencyList which={isReviewed ? "reviewed" : "unreviewed"} />
    </Page>
  );
}
