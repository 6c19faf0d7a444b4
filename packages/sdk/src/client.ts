import { randomUUID } from "node:crypto";
import { MayflyError } from "./errors.ts";
import { createTransport, type Transport, type TransportOptions } from "./transport.ts";
import type {
  Ask,
  AuditKey,
  AuditRecord,
  AuditRecords,
  Grant,
  Grants,
  Lockdown,
  Me,
  Offer,
  Offers,
  ProtectedResource,
  Request,
  Requests,
} from "./types.generated.ts";
import { withGrant, type GrantAsk, type GrantUse } from "./with-grant.ts";

/** How to make a client. */
export type MayflyOptions = TransportOptions;

/** How to wait for a decision. */
export interface WaitOptions {
  /** Ends the waiting; the request itself stays pending. */
  readonly signal?: AbortSignal;
  /** Gives up after so many milliseconds; left out: when the request times out by itself. */
  readonly timeout?: number;
}

/** What to look for in the audit log; every member narrows. */
export interface AuditSearch {
  /** Record types, separated by commas. */
  readonly type?: string;
  readonly principal?: string;
  readonly connection?: string;
  readonly request?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly decision?: "permit" | "deny";
  readonly text?: string;
  /** RFC 3339. */
  readonly from?: string;
  readonly to?: string;
  /** Only records below this sequence number. */
  readonly before?: number;
  /** 1 to 1000. */
  readonly limit?: number;
}

/** A client of one gateway. Everything rejects with MayflyError alone. */
export interface Mayfly {
  /** Who the gateway takes the token for. */
  me(): Promise<Me>;
  /** What may be requested. */
  operations(): Promise<readonly Offer[]>;
  /**
   * Asks once: a request that is approved (its grant's ways in hold the secret) or pending. A lost answer is
   * asked for again under the same idempotency key.
   * @throws MayflyError denied, with the reasons
   */
  request(ask: Ask, options?: { readonly idempotencyKey?: string }): Promise<Request>;
  /** One request as it is now. */
  getRequest(id: string): Promise<Request>;
  /** Own requests, newest first; with `all` everyone's, for reviewers, operators and auditors. */
  requests(filter?: {
    readonly state?: Request["state"];
    readonly all?: boolean;
  }): Promise<readonly Request[]>;
  /** Waits until a request is no longer pending. */
  wait(id: string, options?: WaitOptions): Promise<Request>;
  withdraw(id: string): Promise<Request>;
  /** Approves what was seen: `digest` is that of the request as shown to the reviewer. */
  approve(id: string, digest: string, comment?: string): Promise<Request>;
  refuse(id: string, digest: string, comment?: string): Promise<Request>;
  grants(filter?: { readonly state?: Grant["state"]; readonly all?: boolean }): Promise<readonly Grant[]>;
  grant(id: string): Promise<Grant>;
  /** The grant with its secret in the ways in: once. */
  collectSecret(grant: string): Promise<Grant>;
  release(grant: string): Promise<Grant>;
  revoke(grant: string, reason: string): Promise<Grant>;
  /**
   * Requests, waits for approval, calls `use` with the ways in, and releases the grant however it ends: `use`
   * returned, threw, was aborted, or a process signal came.
   */
  withGrant<T>(ask: GrantAsk, use: (access: GrantUse) => T | Promise<T>): Promise<T>;
  readonly lockdown: {
    get(): Promise<Lockdown>;
    start(reason: string): Promise<Lockdown>;
    lift(): Promise<Lockdown>;
  };
  readonly audit: {
    /** One page, newest first. */
    search(query?: AuditSearch): Promise<AuditRecords>;
    /** Every record that matches, newest first, page by page. */
    all(query?: AuditSearch): AsyncGenerator<AuditRecord>;
    /** The newest signed checkpoint. */
    checkpoint(): Promise<string>;
    key(): Promise<string>;
  };
  /** Who issues tokens for this gateway (RFC 9728). Needs no token. */
  protectedResource(): Promise<ProtectedResource>;
  /** The certificate of the CA that the gateway made for itself, PEM. Needs no token. */
  ca(): Promise<string>;
}

function query(members: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(members))
    if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

/** Makes a client. */
export function createMayfly(options: MayflyOptions): Mayfly {
  const send = createTransport(options);
  const get = <T>(path: string): Promise<T> => send({ method: "GET", path }) as Promise<T>;
  const post = <T>(path: string, body?: unknown): Promise<T> =>
    send({ method: "POST", path, ...(body === undefined ? {} : { body }) }) as Promise<T>;
  const remove = <T>(path: string): Promise<T> => send({ method: "DELETE", path }) as Promise<T>;
  const at = (id: string): string => encodeURIComponent(id);

  const search = (asked: AuditSearch = {}): Promise<AuditRecords> =>
    get(`/v1/audit/records${query({ ...asked })}`);

  const mayfly: Mayfly = {
    me: () => get("/v1/me"),
    operations: async () => (await get<Offers>("/v1/operations")).operations,
    request: (ask, more) => createRequest(send, ask, more?.idempotencyKey ?? randomUUID()),
    getRequest: (id) => get(`/v1/requests/${at(id)}`),
    requests: async (filter = {}) => (await get<Requests>(`/v1/requests${query(filter)}`)).requests,
    wait: (id, more = {}) => wait(send, id, more),
    withdraw: (id) => remove(`/v1/requests/${at(id)}`),
    approve: (id, digest, comment = "") => post(`/v1/requests/${at(id)}/approve`, { digest, comment }),
    refuse: (id, digest, comment = "") => post(`/v1/requests/${at(id)}/refuse`, { digest, comment }),
    grants: async (filter = {}) => (await get<Grants>(`/v1/grants${query(filter)}`)).grants,
    grant: (id) => get(`/v1/grants/${at(id)}`),
    collectSecret: (id) => post(`/v1/grants/${at(id)}/secret`),
    release: (id) => remove(`/v1/grants/${at(id)}`),
    revoke: (id, reason) => post(`/v1/grants/${at(id)}/revoke`, { reason }),
    withGrant: (ask, use) => withGrant(mayfly, ask, use),
    lockdown: {
      get: () => get("/v1/lockdown"),
      start: (reason) => send({ method: "PUT", path: "/v1/lockdown", body: { reason } }) as Promise<Lockdown>,
      lift: () => remove("/v1/lockdown"),
    },
    audit: {
      search,
      async *all(asked = {}) {
        let before = asked.before;
        for (;;) {
          const page = await search({ ...asked, ...(before === undefined ? {} : { before }) });
          yield* page.records;
          if (page.next_before === undefined) return;
          before = page.next_before;
        }
      },
      checkpoint: () => get("/v1/audit/checkpoint"),
      key: async () => (await get<AuditKey>("/v1/audit/key")).key,
    },
    protectedResource: () => get("/.well-known/oauth-protected-resource"),
    ca: () => get("/v1/ca"),
  };
  return mayfly;
}

/** Asks up to three times under one key: an answer that got lost must not leave a grant that nobody knows of. */
async function createRequest(send: Transport, ask: Ask, key: string): Promise<Request> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await send({
        method: "POST",
        path: "/v1/requests",
        body: ask,
        headers: { "idempotency-key": key },
      })) as Request;
    } catch (thrown) {
      const lost = thrown instanceof MayflyError && thrown.code === "unreachable";
      if (!lost || attempt === 3) throw thrown;
    }
  }
}

/** Long polls until a request is decided. */
async function wait(send: Transport, id: string, options: WaitOptions): Promise<Request> {
  const end = options.timeout === undefined ? Infinity : performance.now() + options.timeout;
  let failures = 0;
  for (;;) {
    const seconds = Math.max(0, Math.min(30, Math.ceil((end - performance.now()) / 1000)));
    try {
      const request = (await send({
        method: "GET",
        path: `/v1/requests/${encodeURIComponent(id)}${seconds === 0 ? "" : `?wait=${seconds}s`}`,
        timeout: seconds * 1000 + 15_000,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      })) as Request;
      failures = 0;
      if (request.state !== "pending") return request;
    } catch (thrown) {
      // A gateway that restarts is back in a moment, and the request with it.
      const passing =
        thrown instanceof MayflyError && (thrown.code === "unreachable" || thrown.status === 503);
      failures += 1;
      if (!passing || failures > 5) throw thrown;
      await pause(failures * 500, options.signal);
    }
    if (performance.now() >= end) {
      throw new MayflyError(
        "not_approved_in_time",
        `nobody decided on request ${id} in time; it is still pending`,
        {
          hint: `wait longer, or withdraw it`,
          request: id,
        },
      );
    }
  }
}

/** Waits a moment; an abort ends it early, and the next request notices. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
