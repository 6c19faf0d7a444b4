import type { ReactNode } from "react";
import { Button } from "../../components/button.tsx";
import { Checkbox, SelectField, TextField } from "../../components/field.tsx";
import { FilterBar } from "../../components/page.tsx";
import type { InboxFilter } from "./select.ts";

/** What of the waiting requests is shown; kept in the page's address. */
export function Filters({
  filter,
  change,
  others,
  count,
  refusable,
  onRefuse,
}: {
  filter: InboxFilter;
  change: (filter: InboxFilter) => void;
  /** How many wait for others. */
  others: number;
  count: string;
  /** How many of those shown can be refused together; 0 offers nothing. */
  refusable: number;
  onRefuse: () => void;
}): ReactNode {
  return (
    <FilterBar count={count}>
      <TextField
        label="Search"
        quiet
        type="search"
        placeholder="Agent, operation, reason…"
        value={filter.text}
        maxLength={200}
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
      {refusable > 1 && (
        <Button variant="danger-quiet" icon="cross" onClick={onRefuse}>
          Refuse these {refusable}
        </Button>
      )}
    </FilterBar>
  );
}
