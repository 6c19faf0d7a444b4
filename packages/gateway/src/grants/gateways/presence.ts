import { MayflyError } from "../../kernel/errors.ts";
import type { Clock } from "../../kernel/clock.ts";
import { GONE_AFTER_MS } from "../../kernel/gateways.ts";
import { formatDuration } from "../../kernel/durations.ts";
import type { GatewayRegistry, Registered, RegisteredGateway, Registration } from "./registry.ts";

/** Between the beats of a gateway, milliseconds. */
export const BEAT_EVERY_MS = 2000;
/** How long a start looks whether the gateway that has its name still beats, milliseconds. */
export const LOOK_FOR_MS = 3 * BEAT_EVERY_MS;
/** How far this machine's clock may be from the store's, milliseconds. */
export const MAX_CLOCK_APART_MS = 5000;

/** This gateway among those that share its store. */
export interface Presence {
  /** Why nothing new may be served: the clocks disagree, or another gateway has this one's name. */
  readonly unavailable: string | undefined;
  /** This run of the gateway. */
  readonly life: string;
  /** Other gateways and this one, as of the last beat; those that are gone are left out. */
  readonly live: readonly RegisteredGateway[];
  /** Stops beating and frees the name. Never rejects. */
  stop(): Promise<void>;
}

/** What the presence is made of. */
export interface PresenceParts {
  readonly registry: GatewayRegistry;
  readonly clock: Clock;
  readonly me: Registration;
  /** What `checkIn` has found of an earlier run. */
  readonly over: RegisteredGateway | undefined;
  /** Told when `unavailable` changes, for the operator. */
  readonly onChange: (unavailable: string | undefined) => void;
}

/** Those that live at the store's own time. Pure. */
export function liveOf({ now, gateways }: Registered): readonly RegisteredGateway[] {
  return gateways.filter(({ seenAt }) => now - seenAt <= GONE_AFTER_MS);
}

/**
 * How far two clocks are apart at least, milliseconds, positive where this one is ahead. Pure.
 * @param before this clock when the other was asked
 * @param after this clock when it had answered: the other was read at some moment in between
 */
export function clocksApart(other: number, before: number, after: number): number {
  if (other < before) return before - other;
  return other > after ? after - other : 0;
}

function clockProblem(apart: number): string | undefined {
  if (Math.abs(apart) <= MAX_CLOCK_APART_MS) return undefined;
  const by = formatDuration(Math.abs(apart));
  return `this machine's clock is ${by} ${apart > 0 ? "ahead of" : "behind"} the store's: let NTP set both`;
}

const taken = ({ name, host, version, startedAt }: RegisteredGateway): MayflyError =>
  new MayflyError(
    "log_name_taken",
    `another gateway (on ${host}, mayflyd ${version}, started ${new Date(startedAt).toISOString()}) serves with this store under the name ${name}`,
    {
      status: 500,
      hint: "give each gateway that shares the store an audit.name and a data folder of its own",
    },
  );

/**
 * Makes sure that no other gateway that lives has this one's name, and that the clocks agree: a start reads grants back, and
 * would end for all what is over by its own clock alone. One that was killed is known to be gone when it is of
 * the same folder, whose lock this process is about to take; else when it no longer beats, which takes some seconds.
 * @returns what the store says of a run that is over, or is of this very folder
 * @throws MayflyError `log_name_taken`, `clock_apart`
 */
export async function checkIn(
  registry: GatewayRegistry,
  { name, place }: Pick<Registration, "name" | "place">,
  clock: Clock,
): Promise<RegisteredGateway | undefined> {
  const asked = clock.wall();
  const registered = await registry.read();
  const problem = clockProblem(clocksApart(registered.now, asked, clock.wall()));
  if (problem !== undefined)
    throw new MayflyError("clock_apart", problem, {
      status: 500,
      hint: "deadlines are times of day that all gateways share; start again once the clocks agree",
    });
  const other = registered.gateways.find((each) => each.name === name);
  if (other === undefined || other.place === place || !liveOf(registered).includes(other)) return other;
  await new Promise<void>((resolve) => clock.schedule(LOOK_FOR_MS, resolve));
  const now = await find(registry, name);
  if (now !== undefined && (now.life !== other.life || now.beats !== other.beats)) throw taken(now);
  return other;
}

const find = async (registry: GatewayRegistry, name: string): Promise<RegisteredGateway | undefined> =>
  (await registry.read()).gateways.find((each) => each.name === name);

/**
 * Registers this gateway and keeps beating.
 * @param parts.me whose log's folder this process has locked, and whose name `checkIn` has looked at
 * @throws MayflyError `log_name_taken` when another started at the same time
 */
export async function startPresence(parts: PresenceParts): Promise<Presence> {
  const { registry, clock, me, onChange } = parts;
  const before = await find(registry, me.name);
  // Whoever had the folder had its lock, which is this process's now.
  if (!(await registry.claim(me, before?.place === me.place ? before : parts.over)))
    throw taken((await find(registry, me.name)) ?? { ...me, beats: 0, startedAt: clock.wall(), seenAt: 0 });
  let unavailable: string | undefined;
  let live: readonly RegisteredGateway[] = [];
  let isStopped = false;
  let cancel = (): void => undefined;

  const read = async (): Promise<void> => {
    let isHeld = await registry.beat(me);
    const asked = clock.wall();
    const registered = await registry.read();
    live = liveOf(registered);
    // A replica that became the store may never have heard of this run.
    if (!isHeld && !registered.gateways.some(({ name }) => name === me.name))
      isHeld = await registry.claim(me);
    const now = isHeld
      ? clockProblem(clocksApart(registered.now, asked, clock.wall()))
      : `another gateway has taken the name ${me.name} with this store`;
    if (now !== unavailable) onChange(now);
    unavailable = now;
  };
  const step = async (): Promise<void> => {
    // Whoever cannot read the store for its bound serves nothing new: see Grants.unavailable.
    await read().catch(() => undefined);
    if (!isStopped) cancel = clock.schedule(BEAT_EVERY_MS, () => void step());
  };
  await read();
  cancel = clock.schedule(BEAT_EVERY_MS, () => void step());
  return {
    life: me.life,
    get unavailable() {
      return unavailable;
    },
    get live() {
      return live;
    },
    async stop() {
      isStopped = true;
      cancel();
      await registry.leave(me).catch(() => undefined);
    },
  };
}
