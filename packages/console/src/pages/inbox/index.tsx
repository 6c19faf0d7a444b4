import "./style.css";
import type { InboxItem } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { inboxQuery } from "../../api/queries.ts";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Checkbox, SelectField, TextField } from "../../components/field.tsx";
import { FilterBar, Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { useKeys } from "../../components/use-keys.ts";
import { useMedia } from "../../components/use-media.ts";
import { Detail } from "./detail.tsx";
import { KeyHelp } from "./help.tsx";
import { InboxList } from "./list.tsx";
import { afterDeciding, fitting, type InboxFilter, shownOf, stepFrom } from "./select.ts";

const everything: InboxFilter = { text: "", risk: "", all: false };

function Filters({
  filter,
  change,
  others,
  count,
}: {
  filter: InboxFilter;
  change: (filter: InboxFilter) => void;
  others: number;
  count: string;
}): ReactNode {
  return (
    <FilterBar count={count}>
      <TextField
        label="Search"
        quiet
        type="search"
        placeholder="Agent, operation, reason…"
        value={filter.text}
        onChange={({ target }) => change({ ...filter, text: target.value })}
      />
      <SelectField
        label="Risk"
        quiet
        value={filter.risk}
        onChange={({ target }) => change({ ...filter, risk: target.value as InboxFilter["risk"] })}
        options={[
          { value: "", label: "Any risk" },
          { value: "high", label: "High risk" },
          { value: "medium", label: "Medium risk" },
          { value: "low", label: "Low risk" },
        ]}
      />
      {others > 0 && (
        <Checkbox
          label={`Also ${others} for others to decide`}
          checked={filter.all}
          onChange={({ target }) => change({ ...filter, all: target.checked })}
        />
      )}
    </FilterBar>
  );
}

function Waiting({ waiting, more }: { waiting: readonly InboxItem[]; more: boolean }): ReactNode {
  const navigate = useNavigate();
  const wide = useMedia("(min-width: 68rem)");
  const [filter, setFilter] = useState(everything);
  const [help, setHelp] = useState(false);
  // What is shown stays until the reviewer goes on, even when it is decided elsewhere or something more urgent comes:
  // a key that was meant for it must not fall on another request.
  const [chosen, setShown] = useState<string>();
  const [place, setPlace] = useState(0);
  // List and pane are drawn from one filter: what can be approved is what the list shows.
  const items = fitting(waiting, filter);
  const shown = shownOf(items, waiting, chosen);

  const show = (item: Pick<InboxItem, "id"> | undefined): boolean => {
    setShown(item?.id);
    setPlace(
      Math.max(
        0,
        items.findIndex(({ id }) => id === item?.id),
      ),
    );
    return item !== undefined;
  };
  // What is shown first stays as well.
  if (shown !== chosen) setShown(shown);
  const narrow = (next: InboxFilter): void => {
    setFilter(next);
    const left = fitting(waiting, next);
    if (!left.some(({ id }) => id === shown)) {
      setShown(left[0]?.id);
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
  const empty =
    mine === 0 && filter.text === "" && filter.risk === "" ? (
      <Nothing />
    ) : (
      <EmptyState
        icon="search"
        title="Nothing fits"
        action={<Button onClick={() => narrow({ ...everything, all: true })}>Show all that waits</Button>}
      >
        <p>Requests wait, but none of them fits what you search for.</p>
      </EmptyState>
    );
  const beside = wide && shown !== undefined;
  return (
    <>
      {waiting.length > 0 && (
        <Filters
          filter={filter}
          change={narrow}
          others={waiting.length - mine}
          count={`${items.length}${more ? "+" : ""} waiting`}
        />
      )}
      {items.length === 0 && !beside ? (
        <Card>{empty}</Card>
      ) : (
        <div className={beside ? "inbox inbox-wide" : "inbox"}>
          {items.length === 0 ? (
            empty
          ) : (
            <InboxList items={items} selected={shown} onSelect={(id) => show({ id })} wide={wide} />
          )}
          {beside && (
            <section className="inbox-pane" aria-label="The selected request">
              <Detail
                key={shown}
                id={shown}
                listed={items.some(({ id }) => id === shown)}
                onDecided={() => {
                  const next = afterDeciding(items, shown);
                  setShown(next);
                  setPlace(
                    Math.max(
                      0,
                      items.findIndex(({ id }) => id === shown),
                    ),
                  );
                }}
              />
            </section>
          )}
        </div>
      )}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </>
  );
}

function Nothing(): ReactNode {
  return (
    <EmptyState title="Nothing waits for you">
      <p>
        When an agent asks for something that a policy wants a person of your groups to approve, it appears
        here at once, with what exactly would be allowed.
      </p>
      <p>You can leave this page open; it keeps itself up to date.</p>
    </EmptyState>
  );
}

/** What waits for me, live. */
export function InboxPage(): ReactNode {
  const { data, error, refetch } = useQuery(inboxQuery);
  const mine = data?.waiting.filter((item) => item.may_decide).length ?? 0;
  return (
    <Page
      title={mine === 0 ? "Inbox" : `(${mine}) Inbox`}
      heading="Inbox"
      description="What waits for your decision, the most urgent first."
    >
      {data !== undefined ? (
        <Waiting waiting={data.waiting} more={data.more} />
      ) : error === null ? (
        <Card>
          <Skeleton lines={9} />
        </Card>
      ) : (
        <Card>
          <ErrorState error={error} retry={() => void refetch()} />
        </Card>
      )}
    </Page>
  );
}
