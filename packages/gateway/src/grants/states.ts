import { requesterKey, type RequesterId } from "../kernel/requester.ts";
/**
 * The one transition table of requests and of grants.
 *
 * Theory. A request and a grant are two machines. Each begins as `none` (nothing is stored), moves on events, and
 * ends in states that no event leaves. What the table does not hold cannot happen: `after` throws, and storage moves
 * a row only `where state = from`, for a (from, to) that the table knows, so that of two events that race exactly
 * one finds the row in its `from` state; the other one changes nothing and is told so. That is the whole of the
 * locking: a double click, two reviewers, two gateways, a release at the deadline.
 *
 * A request:
 * - `deny`, `permit`, `hold`: what policies make of an ask: denied, approved at once, or waiting for people;
 * - `approve`: the last needed yes came; `refuse`: one no is enough; `withdraw`: the requester gave up;
 * - `time_out`: nobody answered within the policy's `within`;
 * - `void`: the rules that the request was judged by, or its requester's groups, have changed;
 *   `withdraw_identity`: the provider took the requester's identity back; `lock_down`: an operator stopped everything.
 *
 * A grant is made only by a request becoming approved, in the same transaction, and is active from then on until
 * exactly one of: `expire` (its one absolute deadline), `release` (its holder), `revoke` (an operator),
 * `withdraw_identity` (the provider took the identity back), `change_rules` (a reload no longer allows it),
 * `judge_again` (what is known of its holder has changed, a group or an owner, and policy would refuse it now),
 * `lose_lease` (the task that holds it is not heard of any more), `lock_down`, `undo` (it could not be confirmed that it was stored, so nobody was told that it exists; or that it has
 * not ended, where its gateway fell silent).
 * Nothing leads back to active: a grant is never renewed or revived.
 */
const requestTable = {
  none: { deny: "denied", permit: "approved", hold: "pending" },
  pending: {
    approve: "approved",
    refuse: "refused",
    withdraw: "withdrawn",
    time_out: "timed_out",
    void: "refused",
    withdraw_identity: "refused",
    lock_down: "refused",
  },
  approved: {},
  refused: {},
  withdrawn: {},
  timed_out: {},
  denied: {},
} as const;

const grantTable = {
  none: { activate: "active" },
  active: {
    expire: "expired",
    lose_lease: "expired",
    release: "released",
    revoke: "revoked",
    withdraw_identity: "revoked",
    change_rules: "revoked",
    judge_again: "revoked",
    lock_down: "revoked",
    undo: "revoked",
  },
  expired: {},
  released: {},
  revoked: {},
} as const;

type EventsOf<Table> = { [State in keyof Table]: keyof Table[State] }[keyof Table] & string;

export type RequestState = Exclude<keyof typeof requestTable, "none">;
export type GrantState = Exclude<keyof typeof grantTable, "none">;
export type RequestEvent = EventsOf<typeof requestTable>;
export type GrantEvent = EventsOf<typeof grantTable>;

/** One machine, as storage sees it: names of states and which may follow which. */
export interface Machine<State extends string, Event extends string> {
  /** All states but `none`. */
  readonly states: readonly State[];
  /** All events, each once. */
  readonly events: readonly Event[];
  /** The state after an event. @throws TypeError for what the table does not hold */
  after(from: State | "none", event: Event): State;
  /** Whether any event leads from one state to the other. */
  leads(from: State | "none", to: State): boolean;
}

function machineOf<State extends string, Event extends string>(
  name: string,
  table: Readonly<Record<State | "none", Readonly<Partial<Record<Event, State>>>>>,
): Machine<State, Event> {
  const rows = new Map(
    Object.entries<Readonly<Partial<Record<Event, State>>>>(table).map(([from, row]) => [
      from,
      new Map(Object.entries(row) as [Event, State][]),
    ]),
  );
  return {
    states: [...rows.keys()].filter((state) => state !== "none") as State[],
    events: [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))],
    after(from, event) {
      const to = rows.get(from)?.get(event);
      if (to === undefined)
        throw new TypeError(`a ${name} that is ${from} cannot ${event.replace("_", " ")}`);
      return to;
    },
    leads: (from, to) => [...(rows.get(from)?.values() ?? [])].includes(to),
  };
}

/** The machine of requests. */
export const requestMachine: Machine<RequestState, RequestEvent> = machineOf("request", requestTable);
/** The machine of grants. */
export const grantMachine: Machine<GrantState, GrantEvent> = machineOf("grant", grantTable);

/** What storage is given of the two machines; it may not import them. */
export interface GrantModel {
  readonly request: Machine<RequestState, RequestEvent>;
  readonly grant: Machine<GrantState, GrantEvent>;
  /** One text for one requester, for comparing and indexing. */
  readonly requesterKey: (requester: RequesterId) => string;
}

/** For `openStore`. */
export const grantModel: GrantModel = { request: requestMachine, grant: grantMachine, requesterKey };
