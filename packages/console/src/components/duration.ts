import { durationParts } from "@mayfly/sdk/formats";

// How spans of time are said. Pure.

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** What is left until a moment: "4:05", "1:02:09", "2 d 3 h"; "now" when it has passed. Milliseconds. */
export function countdownText(left: number): string {
  if (left <= 0) return "now";
  const seconds = Math.ceil(left / 1000);
  if (seconds >= day) return `${Math.floor(seconds / day)} d ${Math.floor((seconds % day) / hour)} h`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor((seconds % hour) / minute);
  const rest = two(seconds % minute);
  return seconds >= hour ? `${Math.floor(seconds / hour)}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** How much time is left, in words: "19 min left", "1 h 5 min left", "45 s left"; "time is up". Milliseconds. */
export function leftText(left: number): string {
  if (left <= 0) return "time is up";
  const seconds = Math.ceil(left / 1000);
  if (seconds < minute) return `${seconds} s left`;
  // A minute that has begun is not over: rounded down, so that nobody counts on time that is not there.
  const whole = seconds - (seconds % minute);
  const [first, second] = durationParts(whole * 1000);
  const words = [first, second]
    .filter((part) => part !== undefined)
    .map(({ count, unit }) => `${count} ${SHORT[unit]}`);
  return `${words.join(" ")} left`;
}

const LONG = { d: "day", h: "hour", m: "minute", s: "second" } as const;
const SHORT = { d: "d", h: "h", m: "min", s: "s" } as const;

/** A time-to-live in words: "5 minutes", "1 hour 30 minutes", "45 seconds". Seconds. */
export function spanText(seconds: number): string {
  const parts = durationParts(seconds * 1000);
  if (parts.length === 0) return "0 seconds";
  return parts.map(({ count, unit }) => `${count} ${LONG[unit]}${count === 1 ? "" : "s"}`).join(" ");
}

/** The same, short, for lists: "5 min", "1 h 30 min". Seconds. */
export function shortSpan(seconds: number): string {
  const parts = durationParts(seconds * 1000);
  return parts.length === 0 ? "0 s" : parts.map(({ count, unit }) => `${count} ${SHORT[unit]}`).join(" ");
}

/** How long ago, or how far ahead, a moment is: "just now", "3 min ago", "in 2 h". Milliseconds. */
export function agoText(at: number, now: number): string {
  const seconds = Math.round(Math.abs(now - at) / 1000);
  if (seconds < 10) return "just now";
  const [largest] = durationParts(seconds * 1000);
  const text = largest === undefined ? "" : `${largest.count} ${SHORT[largest.unit]}`;
  return at <= now ? `${text} ago` : `in ${text}`;
}

/** A time-to-live as the API takes it: "90s", "5m". Seconds. */
export function ttlValue(seconds: number): string {
  return seconds % minute === 0 ? `${seconds / minute}m` : `${seconds}s`;
}
