import { useEffect, useEffectEvent } from "react";
import { type KeyAction, keyAction } from "./keys.ts";

/** Calls `act` for keys that mean something on this page; it says whether it did anything. */
export function useKeys(act: (action: KeyAction) => boolean): void {
  const heard = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    const action = keyAction({
      key: event.key,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      repeat: event.repeat,
      at: target?.isContentEditable === true ? "TEXTAREA" : (target?.tagName ?? ""),
      covered: event.defaultPrevented || document.querySelector(".dialog, .menu") !== null,
    });
    if (action !== undefined && act(action)) event.preventDefault();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => heard(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
