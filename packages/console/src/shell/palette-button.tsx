import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { Icon } from "../components/icons.tsx";
import { KeyHint } from "../components/key-hint.tsx";

// Loaded when somebody looks for something first.
const Palette = lazy(async () => ({ default: (await import("./palette.tsx")).Palette }));

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens the command palette, as Ctrl-K and ⌘K do on every page. */
export function PaletteButton(): ReactNode {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const isOurs = event.key.toLowerCase() === "k" && (isApple ? event.metaKey : event.ctrlKey);
      if (!isOurs || event.altKey || event.shiftKey || event.repeat) return;
      // Never over another dialog: a decision that was begun stays in sight.
      if (document.querySelector(".dialog, .menu") !== null) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return (
    <>
      <button type="button" className="palette-button" onClick={() => setOpen(true)}>
        <Icon name="search" size={16} />
        <span>Find anything</span>
        <KeyHint keys={isApple ? "⌘ K" : "Ctrl K"} />
      </button>
      {open && (
        <Suspense>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
