import "./style.css";
import type { InboxItem } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { inboxQuery } from "../../api/queries.ts";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { useKeys } from "../../components/use-keys.ts";
import { useMedia } from "../../components/use-media.ts";
import { EmergencyList } from "../emergencies/list.tsx";
import { Decided } from "./decided.tsx";
import { Detail } from "./detail.tsx";
import { Filters } from "./filters.tsx";
import { KeyHelp } from "./help.tsx";
import { InboxList, InboxPageList } from "./list.tsx";
import { Lists } from "./lists.tsx";
import { RefuseMany } from "./refuse-many.tsx";
import { filterOf, searchOf } from "./search.ts";
import {
  afterDeciding,
  everything,
  fitting,
  type InboxFilter,
  isNarrowed,
  itemsOf,
  rowsOf,
  shownOf,
  stepFrom,
} from "./select.ts";

/** What is shown, mirrored in the page's address: a link, a reload and the palette lead to the same. */
function useShown(): {
  readonly filter: InboxFilter;
  readonly setFilter: (filter: InboxFilter) => void;
  readonly chosen: string | undefined;
  readonly setChosen: (id: string | undefined) => void;
} {
  const search = useSearch({ from: "/shell/inbox" });
  const navigate = useNavigate({ from: "/inbox" });
  const [filter, setFilter] = useState(() => filterOf(search));
  const [chosen, setChosen] = useState(search.id);
  const [read, setRead] = useState(search);
  // The address was changed from elsewhere: by a link to this very page.
  if (read !== search) {
    setRead(search);
    if (JSON.stringify(search) !== JSON.stringify(searchOf(filter, chosen)) && search.id !== read.id) {
      setFilter(filterOf(search));
      if (search.id !== undefined) setChosen(search.id);
    }
  }
  useEffect(() => {
    const next = searchOf(filter, chosen);
    void navigate({ search: next, replace: true, resetScroll: false });
  }, [filter, chosen, navigate]);
  return { filter, setFilter, chosen, setChosen };
}

function Waiting({ waiting, more }: { waiting: readonly InboxItem[]; more: boolean }): ReactNode {
  const navigate = useNavigate();
  const wide = useMedia("(min-width: 68rem)");
  const frame = useRef<HTMLElement>(null);
  const [help, setHelp] = useState(false);
  const [refusing, setRefusing] = useState<readonly InboxItem[]>();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  // What is shown stays until the reviewer goes on, even when it is decided elsewhere or something more urgent comes:
  // a key that was meant for it must not fall on another request.
  const { filter, setFilter, chosen, setChosen } = useShown();
  const [place, setPlace] = useState(0);
  // List and pane are drawn from one filter: what can be approved is what the list shows.
  const fit = fitting(waiting, filter);
  const rows = rowsOf(fit, folded);
  const items = itemsOf(rows);
  const isEmptied = items.length === 0 && isNarrowed(filter);
  const shown = isEmptied ? undefined : shownOf(items, waiting, chosen);
  const placeOf = (id: string | undefined): number =>
    Math.max(
      0,
      items.findIndex((item) => item.id === id),
    );
  const show = (item: Pick<InboxItem, "id"> | undefined): boolean => {
    setChosen(item?.id);
    setPlace(placeOf(item?.id));
    return item !== undefined;
  };
  // What is shown first stays as well.
  if (wide && !isEmptied && shown !== chosen) setChosen(shown);
  const narrow = (next: InboxFilter): void => {
    setFilter(next);
    const left = itemsOf(rowsOf(fitting(waiting, next), folded));
    if (!left.some(({ id }) => id === shown)) {
      setChosen(left[0]?.id);
      setPlace(0);
    }
  };
  useKeys((action) => {
    if (action === "help") {
      setHelp(true);
      return true;
    }
    if (!wide || shown === undefined) return false;
    if (action === "next") return show(stepFrom(items, shown, place, 1));
    if (action === "previous") return show(stepFrom(items, shown, place, -1));
    if (action !== "open") return false;
    void navigate({ to: "/requests/$id", params: { id: shown } });
    return true;
  });
  const mine = waiting.filter((item) => item.may_decide).length;
  const refusable = isNarrowed(filter) ? fit.filter((item) => item.may_decide) : [];
  const empty =
    mine === 0 && !isNarrowed(filter) ? (
      <Nothing />
    ) : (
      <EmptyState
        icon="search"
        title="No matches"
        action={<Button onClick={() => narrow({ ...everything, all: true })}>Show all requests</Button>}
      >
        <p>Requests are waiting, but none matches your search.</p>
      </EmptyState>
    );
  const beside = wide && shown !== undefined;
  const list = {
    rows,
    folded,
    selected: shown,
    onSelect: (id: string) => show({ id }),
    onFold: (key: string) =>
      setFolded((before) => {
        const next = new Set(before);
        if (!next.delete(key)) next.add(key);
        return next;
      }),
    onRefuse: setRefusing,
    frame,
  };
  return (
    <>
      {waiting.length > 0 && (
        <Filters
          filter={filter}
          change={narrow}
          others={waiting.length - mine}
          count={`${fit.length}${more ? "+" : ""} waiting`}
          refusable={refusable.length}
          onRefuse={() => setRefusing(refusable)}
        />
      )}
      {rows.length === 0 && !beside ? (
        <Card>{empty}</Card>
      ) : (
        <div className={beside ? "inbox inbox-wide" : "inbox"}>
          {rows.length === 0 ? empty : wide ? <InboxList {...list} /> : <InboxPageList {...list} />}
          {beside && (
            <section className="inbox-pane" aria-label="The selected request">
              <Detail
                key={shown}
                id={shown}
                listed={items.some(({ id }) => id === shown)}
                finalFocus={frame}
                onDecided={() => {
                  setChosen(afterDeciding(items, shown));
                  setPlace(placeOf(shown));
                }}
              />
            </section>
          )}
        </div>
      )}
      {help && <KeyHelp onClose={() => setHelp(false)} finalFocus={frame} />}
      {refusing !== undefined && (
        <RefuseMany
          items={refusing}
          onClose={() => setRefusing(undefined)}
          onRefused={(ids) => {
            if (shown !== undefined && ids.has(shown)) show(items.find(({ id }) => !ids.has(id)));
          }}
          finalFocus={frame}
        />
      )}
    </>
  );
}

function Nothing(): ReactNode {
  return (
    <EmptyState title="No requests waiting for you">
      <p>
        When an agent asks for something that needs approval from one of your groups, the request appears here
        at once, with exactly what it would allow.
      </p>
      <p>You can leave this page open; it updates by itself.</p>
    </EmptyState>
  );
}

function WaitingList(): ReactNode {
  const { data, error, refetch } = useQuery(inboxQuery);
  if (data !== undefined) return <Waiting waiting={data.waiting} more={data.more} />;
  return (
    <Card>
      {error === null ? <Skeleton lines={9} /> : <ErrorState error={error} retry={() => void refetch()} />}
    </Card>
  );
}

const descriptions = {
  waiting: "Requests awaiting your decision, most urgent first.",
  decided: "Your decisions, newest first.",
  emergencies: "Access taken by breaking glass that nobody has reviewed yet.",
} as const;

/** What waits for me, live; what I have decided; and emergencies to review. */
export function InboxPage(): ReactNode {
  const { show = "waiting" } = useSearch({ from: "/shell/inbox" });
  return (
    <Page title="Inbox" wide description={descriptions[show]} actions={<Lists show={show} />}>
      {show === "waiting" && <WaitingList />}
      {show === "decided" && <Decided />}
      {show === "emergencies" && <EmergencyList which="unreviewed" />}
    </Page>
  );
}
