import "./style.css";
import type { InboxItem } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useDeferredValue, useState } from "react";
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
import { fitting, type InboxFilter, selectedOf } from "./select.ts";

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
  const [wanted, setWanted] = useState<string>();
  const [place, setPlace] = useState(0);
  const [help, setHelp] = useState(false);
  const deferred = useDeferredValue(filter);
  const items = fitting(waiting, deferred);
  const selected = selectedOf(items, wanted, place);

  const select = (id: string): void => {
    setWanted(id);
    setPlace(
      Math.max(
        0,
        items.findIndex((item) => item.id === id),
      ),
    );
  };
  const step = (by: number): boolean => {
    const at = items.findIndex(({ id }) => id === selected?.id);
    const next = items[Math.max(0, Math.min(items.length - 1, at + by))];
    if (next !== undefined) select(next.id);
    return next !== undefined;
  };
  useKeys((action) => {
    if (action === "help") {
      setHelp(true);
      return true;
    }
    if (!wide) return false;
    if (action === "next") return step(1);
    if (action === "previous") return step(-1);
    if (action !== "open" || selected === undefined) return false;
    void navigate({ to: "/requests/$id", params: { id: selected.id } });
    return true;
  });

  const mine = waiting.filter((item) => item.may_decide).length;
  return (
    <>
      <Filters
        filter={filter}
        change={setFilter}
        others={waiting.length - mine}
        count={`${items.length}${more ? "+" : ""} waiting`}
      />
      {items.length === 0 ? (
        <Card>
          {mine === 0 && filter.text === "" && filter.risk === "" ? (
            <Nothing />
          ) : (
            <EmptyState
              icon="search"
              title="Nothing fits"
              action={<Button onClick={() => setFilter(everything)}>Show all that waits</Button>}
            >
              <p>Requests wait, but none of them fits what you search for.</p>
            </EmptyState>
          )}
        </Card>
      ) : (
        <div className={wide ? "inbox inbox-wide" : "inbox"}>
          <InboxList items={items} selected={selected?.id} onSelect={select} wide={wide} />
          {wide && selected !== undefined && (
            <section className="inbox-pane" aria-label="The selected request">
              <Detail
                id={selected.id}
                onDecided={() => {
                  // What was decided goes, and what stood below it takes its place.
                  setPlace(items.findIndex(({ id }) => id === selected.id));
                  setWanted(undefined);
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
        data.waiting.length === 0 ? (
          <Card>
            <Nothing />
          </Card>
        ) : (
          <Waiting waiting={data.waiting} more={data.more} />
        )
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
