import "./style.css";
import type { Reach } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { mayfly } from "../../api/client.ts";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { FilterBar, Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { useNow } from "../../components/use-now.ts";
import { visibleText } from "../../components/visible.ts";
import { answersOf, matrixOf, type Show } from "./matrix.ts";
import { Legend } from "./cell.tsx";
import { MatrixList, MatrixTable } from "./matrix-table.tsx";
import { OperationDialog } from "./operation-dialog.tsx";
import type { ReachSearch } from "./search.ts";
import { useNarrow } from "./use-narrow.ts";

/** Who can reach what: groups by operations, down to the exact scope. */
export function ReachPage(): ReactNode {
  const { data, error, refetch } = useQuery({ queryKey: ["reach"], queryFn: () => mayfly.reach() });
  return (
    <Page
      title="Reach"
      wide
      description="Which groups can ask for which operations, and what that takes. Anything not listed is denied."
    >
      {data === undefined ? (
        <Card flush>
          {error === null ? (
            <Skeleton lines={9} />
          ) : (
            <ErrorState error={error} retry={() => void refetch()} />
          )}
        </Card>
      ) : data.operations.length === 0 ? (
        <Card flush>
          <EmptyState icon="reach" title="There are no operations">
            Operations appear here as soon as the configuration lists a connection with some.
          </EmptyState>
        </Card>
      ) : (
        <Inventory reach={data} />
      )}
    </Page>
  );
}

type Put = (members: { readonly [name in keyof ReachSearch]: ReachSearch[name] | undefined }) => void;

function Inventory({ reach }: { reach: Reach }): ReactNode {
  const search = useSearch({ from: "/shell/reach" });
  const navigate = useNavigate({ from: "/reach" });
  const narrow = useNarrow();
  // To the minute: the matrix is not made again each second.
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  const { open, ...filters } = search;
  const matrix = matrixOf(reach, filters, minute);
  const put: Put = (members) =>
    void navigate({ search: (before) => without({ ...before, ...members }), replace: true });
  const opened = reach.operations.find(({ connection, operation }) => `${connection}/${operation}` === open);
  const openOperation = (name: string): void => put({ open: name });
  return (
    <>
      <Questions reach={reach} now={minute} chosen={filters.show} put={put} />
      <Filters reach={reach} search={search} put={put} count={matrix.count} />
      <Legend />
      <Card flush>
        {matrix.count === 0 ? (
          <EmptyState
            icon="search"
            title="No matches"
            action={
              <Button onClick={() => void navigate({ search: {}, replace: true })}>Clear all filters</Button>
            }
          >
            Of {reach.operations.length} operations, none is left.
          </EmptyState>
        ) : narrow ? (
          <MatrixList matrix={matrix} open={openOperation} />
        ) : (
          <MatrixTable matrix={matrix} open={openOperation} />
        )}
      </Card>
      {opened !== undefined && <OperationDialog operation={opened} close={() => put({ open: undefined })} />}
    </>
  );
}

function without(search: {
  readonly [name in keyof ReachSearch]: ReachSearch[name] | undefined;
}): ReachSearch {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== ""),
  );
}

const questions: readonly (readonly [Show, string])[] = [
  ["open", "granted without approval"],
  ["break_glass", "reachable in an emergency"],
  ["nobody", "out of everyone's reach"],
  ["unused", "unused for 30 days"],
];

function Questions({
  reach,
  now,
  chosen,
  put,
}: {
  reach: Reach;
  now: number;
  chosen: Show | undefined;
  put: Put;
}): ReactNode {
  const answers = answersOf(reach, now);
  return (
    <fieldset className="reach-questions">
      <legend className="visually-hidden">Show only operations that are</legend>
      {questions.map(([show, label]) => (
        <button
          key={show}
          type="button"
          className="reach-question"
          aria-pressed={chosen === show}
          onClick={() => put({ show: chosen === show ? undefined : show })}
        >
          <span className="reach-answer numeric">{answers[show]}</span>
          <span>{label}</span>
        </button>
      ))}
    </fieldset>
  );
}

function Filters({
  reach,
  search,
  put,
  count,
}: {
  reach: Reach;
  search: ReachSearch;
  put: Put;
  count: number;
}): ReactNode {
  const all = { value: "", label: "All" };
  const names = (list: readonly string[]): { value: string; label: string }[] => [
    all,
    ...list.map((name) => ({ value: name, label: visibleText(name) })),
  ];
  const connections = [...new Set(reach.operations.map(({ connection }) => connection))];
  return (
    <FilterBar count={`${count} of ${reach.operations.length} operations`}>
      <TextField
        label="Operation or scope"
        type="search"
        maxLength={200}
        spellCheck={false}
        value={search.text ?? ""}
        onChange={({ target }) => put({ text: target.value })}
      />
      <SelectField
        label="Group"
        value={search.group ?? ""}
        options={names(reach.groups)}
        onChange={({ target }) => put({ group: target.value })}
      />
      <SelectField
        label="Connection"
        value={search.connection ?? ""}
        options={names(connections)}
        onChange={({ target }) => put({ connection: target.value })}
      />
      <SelectField
        label="Risk"
        value={search.risk ?? ""}
        options={[all, ...["low", "medium", "high"].map((risk) => ({ value: risk, label: risk }))]}
        onChange={({ target: { value } }) =>
          put({ risk: value === "low" || value === "medium" || value === "high" ? value : undefined })
        }
      />
    </FilterBar>
  );
}
