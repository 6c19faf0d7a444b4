import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button } from "../../components/button.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { Icon } from "../../components/icons.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { visibleText } from "../../components/visible.ts";
import { countFilters, type FilterChange, type Filters, fromLocalInput, localInput } from "./filters.ts";
import type { Known } from "./known.ts";
import { kindOf, recordKinds } from "./record-kinds.ts";

/**
 * Changes some of what is looked for. It takes the members alone: what somebody typed is put a moment later, and what
 * was chosen meanwhile must stay.
 */
export type Put = (members: FilterChange) => void;

/** How long somebody has stopped typing before the gateway is asked, milliseconds. */
const pause = 350;

/** Everything that the list can be narrowed by. */
export function FilterForm({
  filters,
  put,
  clear,
  known,
  children,
}: {
  filters: Filters;
  put: Put;
  clear: () => void;
  known: Known;
  /** Stands before the buttons. */
  children?: ReactNode;
}): ReactNode {
  const [more, setMore] = useState(false);
  return (
    <search className="stack">
      <Kinds filters={filters} put={put} />
      <div className="activity-fields" data-more={more}>
        <Typed label="Text" placeholder="Any words" value={filters.text} put={(text) => put({ text })} />
        <Typed
          label="Principal"
          placeholder="Agent or person"
          value={filters.principal}
          put={(principal) => put({ principal })}
          among={known.principals}
        />
        <Typed
          label="Connection"
          value={filters.connection}
          put={(connection) => put({ connection })}
          among={known.connections}
        />
        <Typed
          label="Operation"
          value={filters.operation}
          put={(operation) => put({ operation })}
          among={known.operations}
        />
        <SelectField
          label="Decision"
          value={filters.decision ?? ""}
          onChange={({ target }) =>
            put({ decision: target.value === "permit" || target.value === "deny" ? target.value : undefined })
          }
          options={[
            { value: "", label: "Any" },
            { value: "permit", label: "Permitted" },
            { value: "deny", label: "Denied" },
          ]}
        />
        {more && (
          <>
            <Moment label="From" value={filters.from} put={(from) => put({ from })} />
            <Moment label="To" value={filters.to} put={(to) => put({ to })} />
            <Typed
              label="Request"
              placeholder="Its id"
              value={filters.request}
              put={(request) => put({ request })}
            />
            <Typed label="Grant" placeholder="Its id" value={filters.grant} put={(grant) => put({ grant })} />
            <Typed
              label="Session"
              placeholder="Its id"
              value={filters.session}
              put={(session) => put({ session })}
            />
          </>
        )}
      </div>
      <div className="activity-applied">
        {children}
        <Button size="s" variant="ghost" icon="filter" aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? "Fewer filters" : "More filters"}
        </Button>
        {countFilters(filters) > 0 && (
          <Button size="s" variant="ghost" icon="cross" onClick={clear}>
            Clear all
          </Button>
        )}
        {!more && <Pins filters={filters} put={put} />}
      </div>
    </search>
  );
}

function Kinds({ filters, put }: { filters: Filters; put: Put }): ReactNode {
  const chosen = filters.types === undefined ? undefined : kindOf(filters.types)?.id;
  return (
    <fieldset className="activity-kinds">
      <legend className="visually-hidden">Kind of record</legend>
      <button
        type="button"
        className="activity-kind"
        aria-pressed={filters.types === undefined}
        onClick={() => put({ types: undefined })}
      >
        Everything
      </button>
      {recordKinds.map(({ id, label, types }) => (
        <button
          key={id}
          type="button"
          className={`activity-kind${id === "break-glass" ? " activity-kind-loud" : ""}`}
          aria-pressed={chosen === id}
          onClick={() => put({ types: chosen === id ? undefined : types })}
        >
          {id === "break-glass" && <Icon name="warning" size={14} />}
          {label}
        </button>
      ))}
    </fieldset>
  );
}

/** The last say that the field is in sight on a wide screen. */
const pinned = [
  ["from", "from"],
  ["to", "until"],
  ["request", "request"],
  ["grant", "grant"],
  ["session", "session"],
  ["principal", "principal", "narrow"],
  ["connection", "connection", "narrow"],
  ["operation", "operation", "narrow"],
  ["decision", "decision", "narrow"],
] as const;

/** Filters whose fields are out of sight: named, and each can be taken away. */
function Pins({ filters, put }: { filters: Filters; put: Put }): ReactNode {
  return pinned.map(([name, label, where]) => {
    const value = filters[name];
    if (value === undefined) return null;
    const text = name === "from" || name === "to" ? new Date(value).toLocaleString() : value;
    return (
      <span key={name} className={where === "narrow" ? "activity-pin activity-pin-narrow" : "activity-pin"}>
        <span>
          {label} <Untrusted text={text} />
        </span>
        <Button
          size="s"
          variant="ghost"
          icon="cross"
          className="button-icon"
          aria-label={`Remove the filter ${visibleText(text)}`}
          onClick={() => put({ [name]: undefined })}
        />
      </span>
    );
  });
}

/** A field whose value counts once somebody stops typing. */
function Typed({
  label,
  value = "",
  put,
  placeholder,
  among = [],
}: {
  label: string;
  value: string | undefined;
  put: (value: string) => void;
  placeholder?: string;
  /** What is suggested while somebody types. */
  among?: readonly string[];
}): ReactNode {
  const list = useId();
  const [draft, setDraft] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    // The address changed by another way: a link, the browser's back.
    setKnown(value);
    if (draft.trim() !== value) setDraft(value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (text: string): void => {
    clearTimeout(timer.current);
    if (text.trim() !== value) put(text);
  };
  const field = (
    <TextField
      label={label}
      type="search"
      {...(among.length === 0 ? {} : { list })}
      value={draft}
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      {...(placeholder === undefined ? {} : { placeholder })}
      onChange={({ target }) => {
        setDraft(target.value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => send(target.value), pause);
      }}
      onBlur={() => send(draft)}
      onKeyDown={({ key }) => key === "Enter" && send(draft)}
    />
  );
  if (among.length === 0) return field;
  return (
    <div>
      {field}
      <datalist id={list}>
        {among.map((name) => (
          <option key={name} value={visibleText(name)} aria-label={visibleText(name)} />
        ))}
      </datalist>
    </div>
  );
}

function Moment({
  label,
  value,
  put,
}: {
  label: string;
  value: string | undefined;
  put: (value: string | undefined) => void;
}): ReactNode {
  return (
    <TextField
      label={label}
      type="datetime-local"
      value={localInput(value)}
      onChange={({ target }) => put(fromLocalInput(target.value))}
    />
  );
}
