import type { EventsOptions } from "./events.ts";
import { followEvents } from "./events.ts";
import { query } from "./helpers.ts";
import { listRequests } from "./listing.ts";
import type { Transport } from "./transport.ts";
import type {
  Agent,
  Ask,
  AuditHistogram,
  AuditKey,
  AuditLogs,
  AuditProofs,
  AuditRecord,
  AuditRecords,
  Background,
  BrowserSession,
  BrowserSessions,
  Connection,
  Connections,
  Grant,
  Grants,
  Inbox,
  Lease,
  Live,
  Lockdown,
  Me,
  Offer,
  Offers,
  Overview,
  ProbedHost,
  ProbedHosts,
  ProbeOffer,
  ProbeReport,
  ProbeTask,
  ProtectedResource,
  Reach,
  Request,
  Requester,
  RetiredLog,
  Revoked,
  Session,
  SignedOut,
  SignInMethods,
  WebhookDeliveries,
  WebhookDelivery,
} from "./types.generated.ts";
import { type AskOptions, createRequest, wait, type WaitOptions } from "./waiting.ts";

/** What to look for in the audit log; every member narrows. */
export interface AuditFilter {
  /** Record types, separated by commas. */
  readonly type?: string;
  /** The name of one of several logs. */
  readonly log?: string;
  readonly principal?: string;
  readonly connection?: string;
  /** `connection/operation`, or an operation's name. */
  readonly operation?: string;
  readonly request?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly decision?: "permit" | "deny";
  readonly text?: string;
  /** RFC 3339. */
  readonly from?: string;
  readonly to?: string;
}

/** One page of a search. */
export interface AuditSearch extends AuditFilter {
  /** `next_before` of the page before. */
  readonly before?: string | number;
  /** 1 to 1000. */
  readonly limit?: number;
}

/** A reviewer's answer. */
export interface ReviewAnswer {
  /** That of the request as shown to the reviewer: anything else is not what they saw. */
  readonly digest: string;
  readonly comment?: string;
}

/** A reviewer's yes. */
export interface ApproveAnswer extends ReviewAnswer {
  /** Allows less than was asked for. */
  readonly allow?: {
    /** `connection/operation`, fewer than asked for. */
    readonly operations?: readonly string[];
    /** Shorter than asked for, for example `3m`. */
    readonly ttl?: string;
  };
}

/** Which agent or person, as a grant's or request's requester names them. */
export type WhoseGrants = Pick<Requester, "kind" | "issuer" | "subject" | "client">;

/** A part of a long list: newest first, 500 at most. */
export interface Page {
  /** Only what is older than the one of this id: the last of the page before. */
  readonly before?: string;
  /** 1 to 500. */
  readonly limit?: number;
}

/** A client of one gateway. Everything rejects with MayflyError alone. */
export interface MayflyClient {
  /** Who the gateway takes the caller for. */
  me(): Promise<Me>;
  /** What may be requested. */
  operations(): Promise<readonly Offer[]>;
  /**
   * Asks once: a request that is approved (its grant's ways in hold the secret) or pending. A lost answer is
   * asked for again under the same idempotency key.
   * @throws MayflyError denied, with the reasons
   */
  request(ask: Ask, options?: AskOptions): Promise<Request>;
  /** One request as it is now. */
  getRequest(id: string): Promise<Request>;
  /**
   * Own requests, newest first; with `all` everyone's, for reviewers, operators and auditors. Goes on, page after page, where
   * much lies between that the caller may not see.
   */
  requests(
    filter?: {
      readonly state?: Request["state"];
      readonly all?: boolean;
      /** With `all`: only those that the caller has approved or refused. */
      readonly decided?: boolean;
      /** With `all`: only those that took access by breaking glass; of them those that somebody, or nobody, has reviewed. */
      readonly emergencies?: "any" | "reviewed" | "unreviewed";
    } & Page,
  ): Promise<readonly Request[]>;
  /** What the requester asked for before, and what it tried in vain; for reviewers, operators and auditors. */
  background(request: string): Promise<Background>;
  /** One agent, or person, that has asked: what it did, and what it could ask for; for the same. */
  agent(requester: WhoseGrants): Promise<Agent>;
  /** Waits until a request is no longer pending. */
  wait(id: string, options?: WaitOptions): Promise<Request>;
  withdraw(id: string): Promise<Request>;
  /** What waits for the caller to decide; for reviewers. */
  inbox(): Promise<Inbox>;
  /**
   * Approves what was seen, or less of it.
   * @throws MayflyError sign_in_again, with `maxAge` and `signIn`, when the policy wants a fresh proof of who approves
   */
  approve(id: string, answer: ApproveAnswer): Promise<Request>;
  refuse(id: string, answer: ReviewAnswer): Promise<Request>;
  /** Reviews access that was taken by breaking glass, once it has ended. @param note what you found */
  review(id: string, note: string): Promise<Request>;
  grants(
    filter?: { readonly state?: Grant["state"]; readonly all?: boolean } & Page,
  ): Promise<readonly Grant[]>;
  grant(id: string): Promise<Grant>;
  /**
   * The grant with its secret in the ways in: once.
   * @param options `sandbox`: it is for a command in a sandbox, where the grant was asked for that
   */
  collectSecret(grant: string, options?: { readonly sandbox?: boolean }): Promise<Grant>;
  /**
   * Renews the lease of one's own grant, over a connection that is kept; `holdLease` does it in time.
   * @throws MayflyError grant_ended, with how it ended
   */
  renewLease(
    grant: string,
    options?: { readonly signal?: AbortSignal; readonly timeout?: number },
  ): Promise<Lease>;
  /** Ends one's own grant; one that has ended stays as it is. */
  release(grant: string, options?: { readonly timeout?: number }): Promise<Grant>;
  revoke(grant: string, reason: string): Promise<Grant>;
  /** Revokes every active grant of one agent or person. @returns how many */
  revokeAll(requester: WhoseGrants, reason: string): Promise<number>;
  /** Every active grant with its sessions and what they do now; for operators and auditors. */
  live(): Promise<Live>;
  /** The same in numbers, and the last day; for operators and auditors. */
  overview(): Promise<Overview>;
  /**
   * Calls `onRecord` for each record as it is written, as far as the caller may see it, and keeps connecting when the
   * connection is lost. Resolves when `signal` aborts.
   * @throws MayflyError when the caller may no longer read, for example because the session ended
   */
  events(onRecord: (record: AuditRecord) => void, options: EventsOptions): Promise<void>;
  /** Which groups can ask for what. */
  reach(): Promise<Reach>;
  /** The connections, their health and their use. */
  connections(): Promise<readonly Connection[]>;
  readonly lockdown: {
    get(): Promise<Lockdown>;
    start(reason: string): Promise<Lockdown>;
    lift(): Promise<Lockdown>;
  };
  /** Tries of the ways around the gateway: `mayfly probe` makes them. */
  readonly probes: {
    /**
     * Lets one host be told the real addresses of these connections' targets, once; for operators.
     * @param connections left out or empty: all
     */
    offer(connections?: readonly string[]): Promise<ProbeOffer>;
    /** Redeems the token of an offer. @throws MayflyError probe_token_refused */
    start(token: string): Promise<ProbeTask>;
    /**
     * Reports what was found, once. Where the token is bound to a key, the report is signed with it.
     * @throws MayflyError probe_report_refused
     */
    report(report: ProbeReport): Promise<ProbedHost>;
    /** The hosts that were probed, newest first; for operators and auditors. */
    hosts(): Promise<readonly ProbedHost[]>;
  };
  readonly audit: {
    /** One page, newest first. */
    search(query?: AuditSearch): Promise<AuditRecords>;
    /** Every record that matches, newest first, page by page. */
    all(
      query?: AuditSearch,
      /** Told at the end of older records that are in the log's archive alone. */
      onArchived?: (archived: NonNullable<AuditRecords["archived"]>) => void,
      /** Told, once a log, of which the pages may lack something. */
      onPartial?: (partial: NonNullable<AuditRecords["partial"]>[number]) => void,
      /** Told, once a log, of which the pages lack something for good, as somebody gave it up. */
      onRetired?: (retired: NonNullable<AuditRecords["retired"]>[number]) => void,
    ): AsyncGenerator<AuditRecord>;
    /** Where a browser downloads every record that matches, newest first. */
    exportUrl(query: AuditFilter, format: ExportFormat): string;
    /** The same as bytes, as they come. @throws MayflyError unreachable when it ends before it is whole */
    export(
      query: AuditFilter,
      format: ExportFormat,
      signal?: AbortSignal,
    ): Promise<AsyncIterable<Uint8Array>>;
    /** The acts that match, counted by time in at most `buckets` steps (2 to 120); without `from`, the last 24 hours. */
    histogram(
      query?: AuditFilter & { readonly buckets?: number },
      signal?: AbortSignal,
    ): Promise<AuditHistogram>;
    /** Records with the proof that the newest checkpoint covers them, newest first; `limit` 1 to 100. */
    proofs(query?: { readonly before?: number; readonly limit?: number }): Promise<AuditProofs>;
    /** What a record keeps beside the log, by `sha256:…`; checked by the gateway. */
    payload(digest: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
    /** The newest signed checkpoint. */
    checkpoint(): Promise<string>;
    key(): Promise<string>;
    /** The logs of all gateways that share the store, and the list of them signed. */
    logs(): Promise<AuditLogs>;
    /** Gives up a log whose gateway and files are gone; for operators. */
    retireLog(log: string, reason: string): Promise<RetiredLog>;
  };
  readonly webhooks: {
    /** Deliveries, newest first; for operators. */
    deliveries(filter?: {
      readonly state?: WebhookDelivery["state"];
      readonly webhook?: string;
    }): Promise<readonly WebhookDelivery[]>;
    /** Sends one again. */
    replay(id: string): Promise<WebhookDelivery>;
  };
  /** How one can sign in with a browser. Needs no session. */
  signInMethods(): Promise<SignInMethods["methods"]>;
  /** The browser session of this page. @throws MayflyError not_signed_in */
  session(): Promise<Session>;
  /** Ends it. */
  signOut(): Promise<SignedOut>;
  /** One's own browser sessions; with `all` everyone's, for operators. */
  sessions(filter?: { readonly all?: boolean }): Promise<readonly BrowserSession[]>;
  endSession(id: string): Promise<void>;
  /** Ends all of one's own browser sessions. */
  endSessions(): Promise<void>;
  /** Who issues tokens for this gateway (RFC 9728). Needs no token. */
  protectedResource(): Promise<ProtectedResource>;
  /** The certificate of the CA that the gateway made for itself, PEM. Needs no token. */
  ca(): Promise<string>;
}

/** How an export is written. */
export type ExportFormat = "jsonl" | "csv";

/** Makes a client over a transport. */
export function createClient(transport: Transport): MayflyClient {
  const send = <T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> =>
    transport.send({ method, path, ...(body === undefined ? {} : { body }) }) as Promise<T>;
  const get = <T>(path: string): Promise<T> => send("GET", path);
  const post = <T>(path: string, body?: unknown): Promise<T> => send("POST", path, body);
  const remove = <T>(path: string): Promise<T> => send("DELETE", path);
  const at = (id: string): string => encodeURIComponent(id);

  const search = (asked: AuditSearch = {}): Promise<AuditRecords> =>
    get(`/v1/audit/records${query({ ...asked })}`);
  const exportPath = (asked: AuditFilter, format: ExportFormat): string =>
    `/v1/audit/export${query({ ...asked, format })}`;

  return {
    me: () => get("/v1/me"),
    operations: async () => (await get<Offers>("/v1/operations")).operations,
    request: (ask, more) => createRequest(transport, ask, more),
    getRequest: (id) => get(`/v1/requests/${at(id)}`),
    requests: (filter = {}) => listRequests(transport, { ...filter }),
    background: (id) => get(`/v1/requests/${at(id)}/background`),
    agent: ({ kind, issuer, subject, client }) =>
      get(`/v1/agents${query({ kind, issuer, subject, client })}`),
    wait: (id, more = {}) => wait(transport, id, more),
    withdraw: (id) => remove(`/v1/requests/${at(id)}`),
    inbox: () => get("/v1/inbox"),
    approve: (id, { digest, comment = "", allow }) =>
      post(`/v1/requests/${at(id)}/approve`, { digest, comment, ...(allow === undefined ? {} : { allow }) }),
    refuse: (id, { digest, comment = "" }) => post(`/v1/requests/${at(id)}/refuse`, { digest, comment }),
    review: (id, note) => post(`/v1/requests/${at(id)}/review`, { note }),
    grants: async (filter = {}) => (await get<Grants>(`/v1/grants${query({ ...filter })}`)).grants,
    grant: (id) => get(`/v1/grants/${at(id)}`),
    collectSecret: (id, { sandbox } = {}) =>
      post(`/v1/grants/${at(id)}/secret`, sandbox === undefined ? undefined : { sandbox }),
    renewLease: (id, more = {}) =>
      transport.send({
        method: "POST",
        path: `/v1/grants/${at(id)}/lease`,
        isFrequent: true,
        ...more,
      }) as Promise<Lease>,
    release: (id, more = {}) =>
      transport.send({ method: "DELETE", path: `/v1/grants/${at(id)}`, ...more }) as Promise<Grant>,
    revoke: (id, reason) => post(`/v1/grants/${at(id)}/revoke`, { reason }),
    async revokeAll({ kind, issuer, subject, client }, reason) {
      const requester = { kind, issuer, subject, client };
      return (await post<Revoked>("/v1/grants/revoke", { requester, reason })).revoked;
    },
    live: () => get("/v1/live"),
    overview: () => get("/v1/overview"),
    events: (onRecord, options) => followEvents(transport, onRecord, options),
    reach: () => get("/v1/reach"),
    connections: async () => (await get<Connections>("/v1/connections")).connections,
    lockdown: {
      get: () => get("/v1/lockdown"),
      start: (reason) => send("PUT", "/v1/lockdown", { reason }),
      lift: () => remove("/v1/lockdown"),
    },
    probes: {
      offer: (connections = []) => post("/v1/probes", connections.length === 0 ? {} : { connections }),
      start: (token) => post("/v1/probes/start", { token }),
      report: (report) =>
        transport.send({
          method: "POST",
          path: "/v1/probes/report",
          body: report,
          signsBody: true,
        }) as Promise<ProbedHost>,
      hosts: async () => (await get<ProbedHosts>("/v1/probes")).hosts,
    },
    audit: {
      search,
      async *all(asked = {}, onArchived = () => {}, onPartial = () => {}, onRetired = () => {}) {
        let before = asked.before;
        const told = new Set<string>();
        const toldRetired = new Set<string>();
        for (;;) {
          const page = await search({ ...asked, ...(before === undefined ? {} : { before }) });
          for (const one of page.partial ?? []) {
            if (!told.has(one.log)) onPartial(one);
            told.add(one.log);
          }
          for (const one of page.retired ?? []) {
            if (!toldRetired.has(one.log)) onRetired(one);
            toldRetired.add(one.log);
          }
          yield* page.records;
          if (page.archived !== undefined) onArchived(page.archived);
          if (page.next_before === undefined) return;
          before = page.next_before;
        }
      },
      exportUrl: (asked, format) => `${transport.base}${exportPath(asked, format)}`,
      export: (asked, format, signal = new AbortController().signal) =>
        transport.stream({ method: "GET", path: exportPath(asked, format), signal }),
      histogram: (asked = {}, signal = new AbortController().signal) =>
        transport.send({
          method: "GET",
          path: `/v1/audit/histogram${query({ ...asked })}`,
          signal,
        }) as Promise<AuditHistogram>,
      proofs: (asked = {}) => get(`/v1/audit/proofs${query(asked)}`),
      payload: (digest, signal = new AbortController().signal) =>
        transport.stream({
          method: "GET",
          path: `/v1/audit/payloads/${at(digest.replace("sha256:", ""))}`,
          signal,
        }),
      checkpoint: () => get("/v1/audit/checkpoint"),
      logs: () => get("/v1/audit/logs"),
      retireLog: (log, reason) => post("/v1/audit/logs/retire", { log, reason }),
      key: async () => (await get<AuditKey>("/v1/audit/key")).key,
    },
    webhooks: {
      deliveries: async (filter = {}) =>
        (await get<WebhookDeliveries>(`/v1/webhooks/deliveries${query(filter)}`)).deliveries,
      replay: (id) => post(`/v1/webhooks/deliveries/${at(id)}/replay`),
    },
    signInMethods: async () => (await get<SignInMethods>("/v1/sign-in")).methods,
    session: () => get("/v1/session"),
    async signOut() {
      const answer = await remove<SignedOut | string>("/v1/session");
      return typeof answer === "string" ? {} : answer;
    },
    sessions: async (filter = {}) => (await get<BrowserSessions>(`/v1/sessions${query(filter)}`)).sessions,
    async endSession(id) {
      await remove(`/v1/sessions/${at(id)}`);
    },
    async endSessions() {
      await remove("/v1/sessions");
    },
    protectedResource: () => get("/.well-known/oauth-protected-resource"),
    ca: () => get("/v1/ca"),
  };
}
