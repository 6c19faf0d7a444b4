import { formatDuration } from "@mayfly/sdk/formats";
import type { Mayfly, Request } from "@mayfly/sdk";
import { moment, note } from "./print.ts";
import { exitCodeOfSignal, interruptible } from "./terminal/interrupt.ts";
import { type Progress, progress } from "./terminal/progress.ts";

/** What to tell somebody whose request waits. */
export function pendingText(answer: Request): string {
  return [
    `mayfly: request ${answer.id} waits for ${approversOf(answer)}`,
    ...untilLine(answer),
    `hint: to approve it, they run mayfly approve ${answer.id}`,
  ].join("\n");
}

function untilLine({ waits_until: until }: Request): readonly string[] {
  return until === undefined ? [] : [`mayfly: it times out at ${moment(until)}`];
}

function approversOf({ approval }: Request): string {
  return approval === undefined ? "a reviewer" : approval.by.join(" or ");
}

/** What Ctrl-C does to a request that waits: it is left waiting, or withdrawn. */
export type OnInterrupt = "stop waiting" | "withdraw it";

/** How a wait goes on, on one line. */
export function waitingText(request: Request, onInterrupt: OnInterrupt, now: number = Date.now()): string {
  const { approval, approvals, waits_until: until } = request;
  const given = approvals.filter(({ decision }) => decision === "approve").length;
  const left = until === undefined ? undefined : Math.max(0, Date.parse(until) - now);
  return [
    `waiting for ${approversOf(request)}`,
    ...(approval !== undefined && approval.count > 1 ? [`${given} of ${approval.count} approved`] : []),
    ...(left === undefined ? [] : [`${formatDuration(Math.round(left / 1000) * 1000)} left`]),
    `Ctrl-C to ${onInterrupt}`,
  ].join(", ");
}

/** Shows how a request's wait goes on. @returns what takes newer looks at it, and ends the showing */
export function showWaiting(
  first: Request,
  onInterrupt: OnInterrupt,
): Progress & { look(request: Request): void } {
  let latest = first;
  const line = progress(() => waitingText(latest, onInterrupt));
  return { ...line, look: (request) => (latest = request) };
}

/**
 * Waits until a request is decided. Ctrl-C leaves it waiting and says how to pick it up.
 * @param isQuiet says nothing but that
 * @returns undefined when it was interrupted; the exit code is set
 */
export async function waitFor(
  mayfly: Mayfly,
  request: Request,
  isQuiet: boolean,
): Promise<Request | undefined> {
  let shown: ReturnType<typeof showWaiting> | undefined;
  try {
    // Said once Ctrl-C is heard: whoever reads it may press it at once.
    const waited = await interruptible((stop) => {
      if (!isQuiet) {
        note(pendingText(request));
        shown = showWaiting(request, "stop waiting");
      }
      return mayfly.wait(request.id, { signal: stop, onLook: (latest) => shown?.look(latest) });
    });
    if ("value" in waited) return waited.value;
    shown?.stop();
    process.exitCode = exitCodeOfSignal(waited.by);
    note(leftText(request));
    return undefined;
  } finally {
    shown?.stop();
  }
}

/** What to tell somebody who left their request waiting. */
export function leftText(request: Request): string {
  return [
    `mayfly: request ${request.id} still waits for ${approversOf(request)}`,
    ...untilLine(request),
    `hint: to pick it up, run mayfly wait ${request.id}`,
    `hint: to take it back, run mayfly withdraw ${request.id}`,
  ].join("\n");
}

/**
 * What became of a request whose waiting a signal ended, and which was to be withdrawn then.
 * @param request as it was asked; undefined where nobody had to approve
 */
export async function interruptedText(
  mayfly: Pick<Mayfly, "getRequest">,
  request: Request | undefined,
): Promise<string> {
  if (request === undefined) return "nothing is left behind: the grant was released";
  const { id } = request;
  const again = `mayfly withdraw ${id}`;
  let state: Request["state"];
  try {
    ({ state } = await mayfly.getRequest(id));
  } catch {
    return `the gateway does not answer: request ${id} may still wait; take it back with ${again}`;
  }
  if (state === "withdrawn") return `request ${id} was withdrawn`;
  if (state === "pending") return `request ${id} could not be withdrawn and still waits; try ${again}`;
  if (state === "approved")
    return `request ${id} was approved in the same moment; its grant is released: mayfly grants shows it`;
  return `request ${id} was ${state.replace("_", " ")}`;
}
