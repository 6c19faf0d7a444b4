import type { ReactNode } from "react";
import { Dialog } from "../../components/dialog.tsx";

const keys: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["j", "↓"], "The next request"],
  [["k", "↑"], "The one before"],
  [["Enter"], "Open the request's own page"],
  [["a"], "Approve the request on the screen; asks before it does"],
  [["r"], "Refuse it; asks before it does"],
  [["?"], "This help"],
];

/** Which keys do what. */
export function KeyHelp({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog open onClose={onClose} title="Keys">
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
