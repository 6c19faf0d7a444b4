import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useSession } from "../../api/session.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { TextField } from "../../components/field.tsx";
import { toast } from "../../components/toast.tsx";
import { countFilters, type Filters, searchOf } from "./filters.ts";
import {
  changeSaved,
  MAX_NAME_CHARACTERS,
  MAX_SAVED_SEARCHES,
  nameOf,
  readSaved,
  type SavedSearch,
  storageKey,
  withSaved,
} from "./saved.ts";

function stored(key: string): readonly SavedSearch[] {
  try {
    return readSaved(localStorage.getItem(key));
  } catch {
    return []; // storage is switched off
  }
}

/** One's own searches under a name: opened, deleted, and the one in the address added. */
export function SavedSearches({ filters }: { filters: Filters }): ReactNode {
  const key = storageKey(useSession().me);
  const [saved, setSaved] = useState(() => stored(key));
  const [isNaming, setNaming] = useState(false);
  /** @returns whether there was anything to change */
  const change = (next: Parameters<typeof changeSaved>[2]): boolean => {
    try {
      const changed = changeSaved(localStorage, key, next);
      if (changed !== undefined) setSaved(changed);
      return changed !== undefined;
    } catch {
      toast("This browser keeps nothing for this page.", "bad");
      return true;
    }
  };
  const current = JSON.stringify(searchOf(filters));
  const canSave = countFilters(filters) > 0;
  if (saved.length === 0 && !canSave) return null;
  return (
    <section className="activity-applied" aria-label="Saved searches">
      {saved.length > 0 && <span className="muted">Saved</span>}
      {saved.map(({ name, filters: theirs }) => (
        <span key={name} className="activity-saved">
          <Link
            to="/activity"
            search={searchOf(theirs)}
            activeProps={{}}
            aria-current={JSON.stringify(searchOf(theirs)) === current ? "true" : undefined}
          >
            {name}
          </Link>
          <Button
            size="s"
            variant="ghost"
            icon="cross"
            className="button-icon"
            aria-label={`Delete the saved search ${name}`}
            onClick={() => change((held) => held.filter((search) => search.name !== name))}
          />
        </span>
      ))}
      {canSave && (
        <Button size="s" variant="ghost" icon="check" onClick={() => setNaming(true)}>
          Save this search
        </Button>
      )}
      {isNaming && (
        <Naming
          onClose={() => setNaming(false)}
          save={(name) => change((held) => withSaved(held, { name, filters }))}
        />
      )}
    </section>
  );
}

function Naming({ onClose, save }: { onClose: () => void; save: (name: string) => boolean }): ReactNode {
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const submit = (): void => {
    const name = nameOf(text);
    if (name === undefined) setError("Give it a name.");
    else if (save(name)) onClose();
    else setError(`There are ${MAX_SAVED_SEARCHES} saved searches already: delete one first.`);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Save this search"
      description="It is kept in this browser, for you alone. To share a search, send the page’s address."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" onClick={submit}>
            Save
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={text}
        maxLength={MAX_NAME_CHARACTERS}
        autoComplete="off"
        error={error}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key }) => key === "Enter" && submit()}
      />
    </Dialog>
  );
}
