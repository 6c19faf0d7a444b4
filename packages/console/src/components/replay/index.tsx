import "./replay.css";
import type { Cast, Recording } from "@mayfly/sdk/recordings";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "../button.tsx";
import { SelectField, TextField } from "../field.tsx";
import { ErrorState, Skeleton } from "../states.tsx";
import { Untrusted } from "../untrusted.tsx";
import { loadRecording } from "./load.ts";
import { Screen } from "./screen.tsx";
import { clockText, findIn, transcriptOf } from "./transcript.ts";
import { type Speed, SPEEDS, usePlayer } from "./use-player.ts";

/** A recording of a command, as its terminal showed it. */
export default function Replay({ recording }: { recording: Recording }): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ["recording", ...recording.output],
    queryFn: ({ signal }) => loadRecording(recording, signal),
    staleTime: Number.POSITIVE_INFINITY,
    // It may be megabytes: it is gone with the page that shows it.
    gcTime: 0,
    retry: false,
  });
  if (data === undefined)
    return error === null ? (
      <Skeleton lines={5} />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  return (
    <>
      {!data.isWhole && (
        <p className="muted">Its beginning alone: all of it plays with mayfly audit replay.</p>
      )}
      {data.cast.events.length === 0 ? (
        <p className="muted">Nothing was printed.</p>
      ) : (
        <Play cast={data.cast} />
      )}
    </>
  );
}

const SEEK_STEP_MS = 100;

function Play({ cast }: { cast: Cast }): ReactNode {
  const player = usePlayer(cast);
  const { at, length, isPlaying, speed, rows } = player;
  // The end of the bar: a whole step, so that it can be reached.
  const end = Math.ceil(length / SEEK_STEP_MS) * SEEK_STEP_MS;
  const [wanted, setWanted] = useState("");
  const screen = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The newest line is in sight, or the first that is searched for.
    const hit = screen.current?.querySelector(".replay-hit");
    if (screen.current === null) return;
    if (hit instanceof HTMLElement && !isPlaying)
      screen.current.scrollTop = hit.offsetTop - screen.current.clientHeight / 2;
    else screen.current.scrollTop = screen.current.scrollHeight;
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- the lines that are looked at are drawn from these
  }, [rows, wanted, isPlaying]);
  return (
    <section className="replay" aria-label="Recording">
      <div className="replay-head">
        <code>
          <Untrusted text={cast.title} />
        </code>
        <span className="muted numeric">
          {cast.width}×{cast.height}
        </span>
      </div>
      <section
        ref={screen}
        className="replay-screen"
        aria-label="What the terminal showed"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <Screen rows={rows} wanted={wanted} />
      </section>
      <div className="replay-controls">
        <Button size="s" variant="primary" onClick={player.toggle}>
          {isPlaying ? "Pause" : at >= length ? "Play again" : "Play"}
        </Button>
        <input
          type="range"
          className="replay-seek"
          aria-label="Position"
          aria-valuetext={`${clockText(at, length)} of ${clockText(length)}`}
          min={0}
          max={end}
          step={SEEK_STEP_MS}
          value={at >= length ? end : at}
          onChange={({ target }) => player.seek(Number(target.value))}
        />
        <span className="numeric muted">
          {clockText(at, length)} / {clockText(length)}
        </span>
        <SelectField
          label="Speed"
          quiet
          value={String(speed)}
          onChange={({ target }) => player.setSpeed(Number(target.value) as Speed)}
          options={SPEEDS.map((value) => ({ value: String(value), label: `${value}×` }))}
        />
      </div>
      <Find cast={cast} at={at} length={length} wanted={wanted} setWanted={setWanted} seek={player.seek} />
    </section>
  );
}

function Find({
  cast,
  at,
  length,
  wanted,
  setWanted,
  seek,
}: {
  cast: Cast;
  at: number;
  length: number;
  wanted: string;
  setWanted: (text: string) => void;
  seek: (at: number) => void;
}): ReactNode {
  const transcript = useMemo(() => transcriptOf(cast), [cast]);
  const matches = useMemo(() => findIn(transcript, wanted), [transcript, wanted]);
  const [place, setPlace] = useState(-1);
  const go = (to: number): void => {
    const found = (to + matches.length) % matches.length;
    const time = matches[found];
    if (time === undefined) return;
    setPlace(found);
    seek(time);
  };
  return (
    <search className="replay-find">
      <TextField
        label="Search the recording"
        quiet
        type="search"
        placeholder="Search what was printed"
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        value={wanted}
        onChange={({ target }) => {
          setWanted(target.value);
          setPlace(-1);
        }}
        onKeyDown={({ key, shiftKey }) => key === "Enter" && go(shiftKey ? place - 1 : place + 1)}
      />
      <Button
        size="s"
        disabled={matches.length === 0}
        onClick={() => go(place < 0 ? matches.length - 1 : place - 1)}
      >
        Previous
      </Button>
      <Button size="s" disabled={matches.length === 0} onClick={() => go(place + 1)}>
        Next
      </Button>
      <output className="muted numeric">
        {wanted.trim() === ""
          ? ""
          : matches.length === 0
            ? "No matches"
            : place < 0
              ? `${matches.length} ${matches.length === 1 ? "match" : "matches"}`
              : `${place + 1} of ${matches.length}, at ${clockText(at, length)}`}
      </output>
    </search>
  );
}
