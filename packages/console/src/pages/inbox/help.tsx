import type { ReactNode, RefObject } from "react";
import { Dialog } from "../../components/dialog.tsx";

const keys: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["j", "↓"], "Next request"],
  [["k", "↑"], "Previous request"],
  [["Enter"], "Open the request's own page"],
  [["a"], "Approve the selected request (asks first)"],
  [["r"], "Refuse it (asks first)"],
  [["Ctrl K", "⌘ K"], "Find anything"],
  [["?"], "This help"],
];

/** Which keys do what. */
export function KeyHelp({
  onClose,
  finalFocus,
}: {
  onClose: () => void;
  finalFocus: RefObject<HTMLElement | null>;
}): ReactNode {
  return (
    <Dialog open onClose={onClose} finalFocus={finalFocus} title="Keys">
      <dl className="inbox-keys">
        {keys.map(([names, does]) => (
          <div key={does}>
            <dt>
              {names.map((name) => (
                <kbd key={name} className="inbox-key">
                  {name}
                </kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
