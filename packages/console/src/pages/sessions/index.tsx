import "./style.css";
import type { BrowserSession } from "@mayfly/sdk/browser";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { sessionsQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { Person } from "../../components/person.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { visibleText } from "../../components/visible.ts";
import { useSignOut } from "../../shell/sign-out.ts";
import { browserName } from "./browser-name.ts";

function Row({ session, all }: { session: BrowserSession; all: boolean }): ReactNode {
  const queryClient = useQueryClient();
  const { signOut } = useSignOut();
  const end = useMutation({
    mutationFn: () => mayfly.endSession(session.id),
    onSuccess: () => toast("The session has ended."),
    onError: (error) => toast("The session did not end", "bad", problemOf(error).text),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <li className="sessions-item">
      <div className="sessions-what">
        <span className="row">
          <strong title={visibleText(session.browser)}>
            <Untrusted text={browserName(session.browser)} />
          </strong>
          {session.current && <Badge tone="accent">this one</Badge>}
          {all && <Person login={session.person} shown={session.display_name} />}
        </span>
        <span className="muted numeric">
          from {session.address} · by {session.method === "saml" ? "SAML" : "OpenID Connect"} · signed in{" "}
          <Time at={session.signed_in_at} /> · last used <Time at={session.last_seen_at} /> · ends{" "}
          <Time at={session.ends_at} />
        </span>
      </div>
      <Button
        size="s"
        variant="danger-quiet"
        busy={end.isPending}
        onClick={() => (session.current ? signOut() : end.mutate())}
      >
        {session.current ? "Sign out" : "End"}
      </Button>
    </li>
  );
}

function List({ all }: { all: boolean }): ReactNode {
  const { data, error, refetch } = useQuery(sessionsQuery(all));
  if (data === undefined) {
    return (
      <Card>
        {error === null ? <Skeleton lines={4} /> : <ErrorState error={error} retry={() => void refetch()} />}
      </Card>
    );
  }
  if (data.length === 0) {
    return (
      <Card>
        <EmptyState icon="person" title="No browser sessions">
          <p>Each browser that signs in appears here until its session ends.</p>
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card flush>
      <ul aria-label={all ? "All sessions" : "Your sessions"}>
        {data.map((session) => (
          <Row key={session.id} session={session} all={all} />
        ))}
      </ul>
    </Card>
  );
}

function EndAll(): ReactNode {
  const [open, setOpen] = useState(false);
  const end = useMutation({
    mutationFn: () => mayfly.endSessions(),
    onSuccess: () => location.assign("/sign-in?problem=signed_out"),
    onError: (error) => toast("The sessions did not end", "bad", problemOf(error).text),
  });
  return (
    <>
      <Button variant="danger-quiet" icon="out" onClick={() => setOpen(true)}>
        Sign out everywhere
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title="Sign out everywhere?"
        description="Every browser that is signed in as you has to sign in again, this one too."
        actions={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button variant="danger" busy={end.isPending} onClick={() => end.mutate()}>
              Sign out everywhere
            </Button>
          </>
        }
      />
    </>
  );
}

/** The browsers that are signed in as me, and for operators as anybody. */
export function SessionsPage(): ReactNode {
  const operator = useRoles().includes("operator");
  const [view, setView] = useState("mine");
  return (
    <Page
      title="Sessions"
      description="Browsers signed in to Mayfly. End any session you don't recognise and tell your operator."
      actions={<EndAll />}
    >
      {operator ? (
        <Tabs
          label="Whose sessions"
          value={view}
          onChange={setView}
          tabs={[
            { value: "mine", label: "Yours", content: <List all={false} /> },
            { value: "all", label: "Everybody's", content: <List all /> },
          ]}
        />
      ) : (
        <List all={false} />
      )}
    </Page>
  );
}
