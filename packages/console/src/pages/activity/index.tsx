import type { ReactNode } from "react";
import { EmptyState } from "../../components/states.tsx";
import { Page } from "../../components/page.tsx";

/** Activity. */
export function ActivityPage(): ReactNode {
  return (
    <Page title="Activity">
      <EmptyState title="Nothing here yet">This page is on its way.</EmptyState>
    </Page>
  );
}
