import type { ReactNode } from "react";
import { useSession } from "../../api/session.ts";
import { Card } from "../../components/card.tsx";
import { Page } from "../../components/page.tsx";
import { NoPermission } from "../../components/states.tsx";

/** Where somebody lands who has no role. */
export function HomePage(): ReactNode {
  const { me } = useSession();
  return (
    <Page title="Welcome" description={`You are signed in as ${me.name}.`}>
      <Card>
        <NoPermission needs={["reviewer", "operator", "auditor"]} />
      </Card>
    </Page>
  );
}
