import "./palette.css";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import { mayfly } from "../api/client.ts";
import { connectionsQuery, inboxQuery, liveQuery } from "../api/queries.ts";
import { useRoles } from "../api/session.ts";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { Untrusted } from "../components/untrusted.tsx";
import { pageRoles, sees } from "../roles.ts";
import { entriesOf, matching, type PaletteEntry } from "./palette-entries.ts";

/** How many of the newest requests can be found. */
const REQUESTS_LISTED = 200;

function useEntries(): readonly PaletteEntry[] {
  const roles = useRoles();
  const inbox = useQuery({ ...inboxQuery, enabled: sees(roles, pageRoles["/inbox"]) });
  const live = useQuery({ ...liveQuery, enabled: sees(roles, pageRoles["/live"]) });
  const connections = useQuery({
    ...connectionsQuery,
    enabled: sees(roles, pageRoles["/connections"]),
  });
  const requests = useQuery({
    queryKey: ["inbox", "all"],
    queryFn: () => mayfly.requests({ all: true, limit: REQUESTS_LISTED }),
    enabled: roles.length > 0,
  });
  return entriesOf({
    roles,
    waiting: inbox.data?.waiting ?? [],
    live: live.data?.grants ?? [],
    connections: connections.data ?? [],
    requests: requests.data ?? [],
  });
}

/** Finds pages, agents, requests, grants and connections by a few words, and goes there. */
export function Palette({ onClose }: { onClose: () => void }): ReactNode {
  const router = useRouter();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const entries = useEntries();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = matching(entries, typed);
  const current = Math.min(at, found.length - 1);
  const go = (entry: PaletteEntry | undefined): void => {
    if (entry === undefined) return;
    onClose();
    router.history.push(entry.to);
  };
  const move = (to: number): void => {
    setAt(to);
    document.getElementById(`${id}-${to}`)?.scrollIntoView({ block: "nearest" });
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") move(Math.min(current + 1, found.length - 1));
    else if (event.key === "ArrowUp") move(Math.max(current - 1, 0));
    else if (event.key === "Enter") go(found[current]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open wide onClose={onClose} title="Find anything" initialFocus={input}>
      <input
        ref={input}
        className="input"
        type="text"
        role="combobox"
        aria-label="Find pages, agents, requests, grants and connections"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(found.length === 0 ? {} : { "aria-activedescendant": `${id}-${current}` })}
        placeholder="Agent, request, grant, connection or page…"
        value={typed}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => {
          setTyped(target.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      {found.length === 0 && <p className="muted">No matches.</p>}
      {/* oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a datalist cannot show icons and details */}
      <div id={`${id}-list`} role="listbox" aria-label="What was found" className="palette-list">
        {found.map((entry, index) => (
          // The field keeps the focus and its keys choose (ARIA APG, combobox).
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the field's keys do
          <div
            key={entry.key}
            id={`${id}-${index}`}
            // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- as above
            role="option"
            aria-selected={index === current}
            className="palette-entry"
            onClick={() => go(entry)}
          >
            <Icon name={entry.icon} />
            <span className="palette-label">
              <Untrusted text={entry.label} />
            </span>
            <span className="palette-detail muted">
              <Untrusted text={entry.detail} />
            </span>
          </div>
        ))}
      </div>
    </Dialog>
  );
}
