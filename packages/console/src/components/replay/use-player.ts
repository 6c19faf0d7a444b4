import type { Cast } from "@mayfly/sdk/recordings";
import { useEffect, useRef, useState } from "react";
import { createEmulator, type Emulator } from "./emulator.ts";
import type { Row } from "./rows.ts";
import { lengthOf } from "./transcript.ts";

export const SPEEDS = [1, 2, 4, 8] as const;
export type Speed = (typeof SPEEDS)[number];

/** The screen is brought up to date so often, milliseconds. */
const TICK_MS = 50;

/** A recording that plays. Times are milliseconds into it. */
export interface Player {
  readonly at: number;
  readonly length: number;
  readonly isPlaying: boolean;
  readonly speed: Speed;
  readonly rows: readonly Row[];
  readonly toggle: () => void;
  readonly seek: (at: number) => void;
  readonly setSpeed: (speed: Speed) => void;
}

/** Plays a recording. It begins at its end, where all of it is seen. */
export function usePlayer(cast: Cast): Player {
  const length = lengthOf(cast);
  const emulator = useRef<Emulator>(undefined);
  const [at, setAt] = useState(length);
  const [wantsToPlay, setPlaying] = useState(false);
  const hasEnded = at >= length;
  const isPlaying = wantsToPlay && !hasEnded;
  const [speed, setSpeed] = useState<Speed>(1);
  const [rows, setRows] = useState<readonly Row[]>([]);

  useEffect(() => {
    const made = createEmulator(cast);
    emulator.current = made;
    return () => {
      emulator.current = undefined;
      made.close();
    };
  }, [cast]);

  useEffect(() => {
    let isCurrent = true;
    const { current } = emulator;
    void current?.show(at).then(
      () => isCurrent && setRows(current.rows()),
      // The screen stays as it was; the next look is taken anew.
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- another recording has another emulator
  }, [at, cast]);

  useEffect(() => {
    if (!isPlaying) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const passed = (now - before) * speed;
      before = now;
      setAt((was) => Math.min(length, was + passed));
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying, speed, length]);

  return {
    at,
    length,
    isPlaying,
    speed,
    rows,
    toggle() {
      if (hasEnded) setAt(0);
      setPlaying(!isPlaying);
    },
    seek(to) {
      // Whoever goes back from the end looks at a moment: it does not go on by itself.
      if (hasEnded) setPlaying(false);
      setAt(Math.min(length, Math.max(0, to)));
    },
    setSpeed,
  };
}
