import type { ReactNode } from "react";
import { SelectField, TextField } from "../../components/field.tsx";
import type { LiveSearch, LiveShow, LiveSort } from "./search.ts";

const labels: Readonly<Record<LiveShow, string>> = {
  running: "Running",
  emergency: "Emergency",
  high: "High risk",
  expiring: "Ends within 15 min",
  unused: "Not in use",
};

const sorts: readonly { readonly value: LiveSort | ""; readonly label: string }[] = [
  { value: "", label: "Most urgent first" },
  { value: "ends", label: "Ends soonest first" },
  { value: "newest", label: "Newest first" },
  { value: "agent", label: "By agent" },
  { value: "connection", label: "By connection" },
];

/** Search, filter and sort: all of it in the page's address. */
export function LiveFilters({
  search,
  counts,
  put,
}: {
  search: LiveSearch;
  counts: Readonly<Record<LiveShow, number>>;
  put: (change: Partial<Record<keyof LiveSearch, unknown>>) => void;
}): ReactNode {
  return (
    <search className="live-filters">
      <TextField
        label="Search"
        quiet
        type="search"
        placeholder="Agent, operation, connection, what runs"
        value={search.text ?? ""}
        onChange={({ target }) => put({ text: target.value })}
      />
      <fieldset className="live-shows">
        <legend className="visually-hidden">Show only</legend>
        {(Object.keys(labels) as LiveShow[]).map((show) => (
          <button
            key={show}
            type="button"
            className="live-show"
            aria-pressed={search.show === show}
            onClick={() => put({ show: search.show === show ? undefined : show })}
          >
            {labels[show]} <span className="numeric">{counts[show]}</span>
          </button>
        ))}
      </fieldset>
      <SelectField
        label="Order"
        quiet
        value={search.sort ?? ""}
        onChange={({ target }) => put({ sort: target.value === "" ? undefined : target.value })}
        options={sorts}
      />
    </search>
  );
}
