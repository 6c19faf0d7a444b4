import type { Actor, Allow, Grants, InventoryEntry } from "../../grants/grants.ts";
import type { AccessRequest, Grant, Requester } from "../../grants/types.ts";
import type { Clock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { digestOf } from "../../kernel/canonical.ts";
import { newId, newSecret } from "../../kernel/ids.ts";
import { SignInAgain } from "../../kernel/sign-in-again.ts";

/** A fake with what a test may look at and steer. */
export interface FakeGrants extends Grants {
  readonly inventory: ReadonlyMap<string, ReadonlyMap<string, InventoryEntry>>;
  readonly store: { readonly requests: Map<string, AccessRequest>; readonly grants: Map<string, Grant> };
  /** What the next release throws, once a number of times. */
  failReleases(times: number): void;
  /** What approvals allowed. */
  readonly allowed: (Allow | undefined)[];
  /** How often each grant's lease was renewed. */
  readonly renewals: Map<string, number>;
  /** The next approval is refused until the reviewer has signed in again. */
  askToSignInAgain(maxAge: number): void;
  /** Lets a pending request time out. */
  timeOut(id: string): void;
}

const notFound = (what: string): MayflyError =>
  new MayflyError("not_found", `there is no ${what} of that id that you may see`, {
    status: 404,
    hint: "check the id",
  });

const same = (a: Requester | Actor, b: Actor): boolean =>
  a.kind === b.kind && a.issuer === b.issuer && a.subject === b.subject && a.client === b.client;

/**
 * Grants in memory, for tests of the API, the SDK and the CLI. `orders-db/read-orders` is granted at once,
 * `orders-db/refund-order` waits for a reviewer, everything else is denied.
 */
export function fakeGrants(clock: Clock): FakeGrants {
  const requests = new Map<string, AccessRequest>();
  const grants = new Map<string, Grant>();
  const keys = new Map<string, string>();
  const collected = new Set<string>();
  const waiting = new Set<() => void>();
  let locked: { since: number; by: string; reason: string } | undefined;
  let releasesToFail = 0;
  let signInAgain: number | undefined;
  const allowed: (Allow | undefined)[] = [];
  const renewals = new Map<string, number>();
  const inventory = new Map([
    [
      "orders-db",
      new Map<string, InventoryEntry>([
        [
          "read-orders",
          {
            description: "Read orders and who placed them",
            risk: "low",
            digest: digestOf("read-orders"),
            scope: ["statements: select", "tables: public.orders (all columns)"],
          },
        ],
        [
          "refund-order",
          {
            description: "Set one order's status",
            risk: "high",
            digest: digestOf("refund-order"),
            scope: ["statements: update", "tables: public.orders (status)"],
          },
        ],
      ]),
    ],
  ]);

  const listed: (...asked: Parameters<Grants["requests"]>) => AccessRequest[] = (viewer, filter) =>
    [...requests.values()]
      .filter((request) => filter.all === true || same(request.requester, viewer))
      .filter((request) => filter.state === undefined || request.state === filter.state)
      .filter(({ breakGlass }) => filter.emergencies === undefined || breakGlass === true)
      .filter(({ reviews = [] }) => filter.emergencies !== "unreviewed" || reviews.length === 0)
      .toReversed();

  function change(id: string, by: Partial<AccessRequest>): AccessRequest {
    const request = requests.get(id);
    if (request === undefined) throw notFound("request");
    const next = { ...request, ...by };
    requests.set(id, next);
    for (const wake of waiting) wake();
    return next;
  }

  function activate(id: string): AccessRequest {
    const request = requests.get(id);
    if (request === undefined) throw notFound("request");
    const grant: Grant = {
      id: newId("gr"),
      request: id,
      requester: request.requester,
      connection: request.connection,
      operations: request.operations,
      policies: request.policies,
      state: "active",
      activatedAt: clock.wall(),
      endsAt: clock.wall() + request.ttl,
      ...(request.lease === undefined ? {} : { lease: request.lease }),
      ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    };
    grants.set(grant.id, grant);
    return change(id, { state: "approved", grant: grant.id, decidedAt: clock.wall() });
  }

  function end(id: string, state: "released" | "revoked", by: string, reason: string): Grant {
    const grant = grants.get(id);
    if (grant === undefined) throw notFound("grant");
    if (grant.state !== "active") return grant;
    const ended: Grant = { ...grant, state, endedAt: clock.wall(), endedBy: by, endReason: reason };
    grants.set(id, ended);
    return ended;
  }

  function visible(viewer: Actor, id: string): AccessRequest {
    const request = requests.get(id);
    if (request === undefined || (!same(request.requester, viewer) && viewer.roles.length === 0))
      throw notFound("request");
    return request;
  }

  function review(
    reviewer: Actor,
    id: string,
    digest: string,
    comment: string,
    decision: "approve" | "refuse",
  ): AccessRequest {
    const request = visible(reviewer, id);
    if (same(request.requester, reviewer)) {
      throw new MayflyError("own_request", "nobody approves their own request", {
        status: 403,
        hint: "ask another reviewer",
      });
    }
    if (request.digest !== digest) {
      throw new MayflyError("digest_mismatch", "the request is not the one you saw", {
        status: 409,
        hint: "look at it again",
      });
    }
    if (request.state !== "pending") {
      throw new MayflyError("not_pending", `the request is ${request.state}`, {
        status: 409,
        hint: "nothing is left to decide",
      });
    }
    const { issuer, subject, name } = reviewer;
    const approval = {
      id: newId("apr"),
      reviewer: { issuer, subject, name },
      decision,
      comment,
      digest,
      at: clock.wall(),
    };
    change(id, { approvals: [...request.approvals, approval] });
    if (decision === "approve") return activate(id);
    return change(id, {
      state: "refused",
      reasons: [`${name} refused: ${comment}`],
      decidedAt: clock.wall(),
    });
  }

  return {
    counts: { active: 0, pending: 0 },
    inventory,
    store: { requests, grants },
    failReleases(times) {
      releasesToFail = times;
    },
    allowed,
    renewals,
    askToSignInAgain(maxAge) {
      signInAgain = maxAge;
    },
    timeOut(id) {
      change(id, { state: "timed_out", reasons: ["nobody decided within 30m"], decidedAt: clock.wall() });
    },
    async background(viewer, id) {
      const request = visible(viewer, id);
      const earlier = [...requests.values()].filter(
        (other) => same(other.requester, { ...viewer, ...request.requester }) && other.id !== id,
      );
      const asked = new Set(earlier.flatMap(({ operations }) => operations));
      return {
        request,
        firstTime: request.operations.filter((name) => !asked.has(name)),
        earlier: { approved: earlier.filter(({ state }) => state === "approved").length },
        lookedAt: earlier.length,
        more: false,
        readableGrants: viewer.roles.includes("operator")
          ? request.sheet.history.map(({ grant }) => grant)
          : undefined,
      };
    },
    async dossier(_viewer, who) {
      const own = [...requests.values()].filter(({ requester }) => requester.subject === who.subject);
      const [newest] = own;
      if (newest === undefined) throw notFound(who.kind);
      return {
        requester: newest.requester,
        requests: own,
        states: { approved: own.length },
        grants: [...grants.values()].filter(({ requester }) => requester.subject === who.subject),
        granted: 0,
        use: undefined,
        offers: [],
      };
    },
    follow: () => undefined,
    takeUp: () => Promise.resolve(),
    offers: () =>
      locked !== undefined
        ? []
        : [...inventory].flatMap(([connection, entries]) =>
            [...entries].map(([operation, entry]) => ({
              ...entry,
              connection,
              operation,
              outlook: {
                requestable: true,
                terms: {
                  policy:
                    operation === "read-orders" ? "support agents read orders" : "a refund needs a person",
                  defaultTtl: 300_000,
                  maxTtl: 900_000,
                  ...(operation === "read-orders"
                    ? {}
                    : { approval: { by: ["support-leads"], count: 1, within: 1_800_000, refusals: 1 } }),
                },
                conditions: [],
                reasons: [],
              },
            })),
          ),
    async request(requester, ask) {
      if (locked !== undefined) {
        throw new MayflyError("locked_down", `Mayfly is locked down: ${locked.reason}`, {
          status: 403,
          hint: "ask an operator",
        });
      }
      const key = `${requester.issuer} ${requester.subject} ${ask.idempotencyKey ?? newId("req")}`;
      const earlier = requests.get(keys.get(key) ?? "");
      if (earlier !== undefined) return earlier;
      const known = ask.operations.every(
        (operation) => inventory.get(ask.connection)?.has(operation) === true,
      );
      const pending = ask.operations.includes("refund-order");
      const ttl = ask.ttl ?? 300_000;
      const request: AccessRequest = {
        id: newId("req"),
        requester: { ...requester },
        connection: ask.connection,
        operations: ask.operations,
        reason: ask.reason,
        ...(ask.breakGlass === true ? { breakGlass: true as const } : {}),
        ...(ask.traceparent === undefined ? {} : { traceparent: ask.traceparent }),
        ...(ask.lease === undefined ? {} : { lease: ask.lease }),
        ...(ask.sandbox === undefined ? {} : { sandbox: ask.sandbox }),
        ttl,
        sheet: {
          operations: ask.operations.flatMap((name) => {
            const entry = inventory.get(ask.connection)?.get(name);
            return entry === undefined ? [] : [{ name, ...entry }];
          }),
          history: [],
        },
        digest: digestOf([requester.subject, ask.connection, [...ask.operations], ask.reason, ttl]),
        state: known ? "pending" : "denied",
        policies: known ? [pending ? "a refund needs a person" : "support agents read orders"] : [],
        approvals: [],
        reasons: known
          ? []
          : [`no policy lets ${requester.name} request ${ask.connection}/${ask.operations.join(", ")}`],
        createdAt: clock.wall(),
        ...(known && pending
          ? {
              approval: { by: ["support-leads"], count: 1, within: 1_800_000, refusals: 1 },
              waitsUntil: clock.wall() + 1_800_000,
            }
          : {}),
      };
      requests.set(request.id, request);
      keys.set(key, request.id);
      return known && !pending ? activate(request.id) : request;
    },
    find: async (viewer, id) => visible(viewer, id),
    async wait(viewer, id, ms, signal) {
      if (visible(viewer, id).state === "pending") {
        await new Promise<void>((resolve) => {
          const cancel = clock.schedule(ms, () => done());
          const wake = (): void => {
            if (requests.get(id)?.state !== "pending") done();
          };
          function done(): void {
            cancel();
            waiting.delete(wake);
            resolve();
          }
          waiting.add(wake);
          signal?.addEventListener("abort", done, { once: true });
        });
      }
      return visible(viewer, id);
    },
    requests: async (viewer, filter) => listed(viewer, filter),
    requestsPage: async (viewer, filter) => ({ requests: listed(viewer, filter) }),
    async withdraw(requester, id) {
      if (visible(requester, id).state !== "pending") {
        throw new MayflyError("not_pending", "the request is no longer pending", {
          status: 409,
          hint: "release its grant",
        });
      }
      return change(id, { state: "withdrawn" });
    },
    inbox: async (reviewer) => ({
      waiting: [...requests.values()]
        .filter(({ state }) => state === "pending")
        .map((request) =>
          same(request.requester, reviewer) ? { request, whyNot: "it is your own" } : { request },
        ),
      more: false,
    }),
    whyNot(viewer, request) {
      if (!viewer.roles.includes("reviewer")) return "you do not have the role reviewer";
      return same(request.requester, viewer) ? "it is your own" : undefined;
    },
    reviewsEmergenciesOf: ({ roles }) => roles.includes("reviewer"),
    whyNotReview(viewer, request) {
      if (grants.get(request.grant ?? "")?.state === "active") return "its grant is still active";
      return same(request.requester, viewer) ? "it is your own" : undefined;
    },
    async approve(reviewer, id, digest, comment, allow) {
      if (signInAgain !== undefined) {
        const maxAge = signInAgain;
        signInAgain = undefined;
        throw new SignInAgain("approving this takes a fresh sign-in", { maxAge });
      }
      const request = review(reviewer, id, digest, comment, "approve");
      allowed.push(allow);
      return request;
    },
    refuse: async (reviewer, id, digest, comment) => review(reviewer, id, digest, comment, "refuse"),
    grants: async (viewer, filter) =>
      [...grants.values()]
        .filter((grant) => filter.all === true || same(grant.requester, viewer))
        .filter((grant) => filter.state === undefined || grant.state === filter.state)
        .toReversed(),
    async grant(viewer, id) {
      const grant = grants.get(id);
      if (grant === undefined || (!same(grant.requester, viewer) && viewer.roles.length === 0))
        throw notFound("grant");
      return grant;
    },
    async collectSecret(requester, id) {
      const grant = grants.get(id);
      if (grant === undefined || !same(grant.requester, requester)) throw notFound("grant");
      if (grant.state !== "active" || collected.has(id)) return undefined;
      collected.add(id);
      grants.set(id, { ...grant, verifier: "SCRAM-SHA-256$4096:VERIFIER" });
      return newSecret();
    },
    async reviewEmergency({ issuer, subject, name }, id, note) {
      const request = requests.get(id);
      if (request === undefined) throw notFound("request");
      const review = { id: newId("rev"), reviewer: { issuer, subject, name }, note, at: clock.wall() };
      return change(id, { reviews: [...(request.reviews ?? []), review] });
    },
    async renewLease(requester, id) {
      const grant = grants.get(id);
      if (grant === undefined || !same(grant.requester, requester)) throw notFound("grant");
      if (grant.state !== "active" || grant.lease === undefined) {
        throw new MayflyError(
          "grant_ended",
          `grant ${id} has ended: ${grant.endReason ?? "it has no lease"}`,
          {
            status: 409,
            hint: "request again",
          },
        );
      }
      renewals.set(id, (renewals.get(id) ?? 0) + 1);
      return grant.lease;
    },
    async release(requester, id) {
      const grant = grants.get(id);
      if (grant === undefined || !same(grant.requester, requester)) throw notFound("grant");
      if (releasesToFail > 0) {
        releasesToFail -= 1;
        throw new MayflyError("store_unavailable", "the store is away", { status: 503, hint: "try again" });
      }
      return end(id, "released", requester.name, `released by ${requester.name}`);
    },
    revoke: async (operator, id, reason) => end(id, "revoked", operator.name, reason),
    async lockdown(operator, reason) {
      locked = { since: clock.wall(), by: operator.name, reason };
      for (const id of grants.keys()) end(id, "revoked", operator.name, reason);
      return locked;
    },
    async lift() {
      locked = undefined;
    },
    get locked() {
      return locked;
    },
    live: () => undefined,
    liveOf: (holder, connection) =>
      [...grants.values()]
        .filter((grant) => grant.state === "active" && grant.connection === connection)
        .filter(({ requester }) => requester.issuer === holder.issuer && requester.subject === holder.subject)
        .toReversed()
        .map((grant) => ({
          grant,
          deadline: { wall: grant.endsAt, monotonic: Number.POSITIVE_INFINITY },
          ended: new AbortController().signal,
          principal: {
            kind: grant.requester.kind,
            issuer: grant.requester.issuer,
            subject: grant.requester.subject,
            name: grant.requester.name,
          },
        })),
    verifier: async () => undefined,
    closed: async () => undefined,
    withdrawIdentity: async () => {},
    reach: async (withdrawals) => withdrawals.map(() => ({ grants: [], requests: [] })),
    withdrawAll: () => ({ grants: [], requests: Promise.resolve([]) }),
    judgeAgain: async () => ({ ended: [], voided: [] }),
    adopt: async () => ({ ended: 0, voided: 0 }),
    start: async () => {},
    unavailable: undefined,
    atRisk: undefined,
    stop: async () => {},
  };
}
