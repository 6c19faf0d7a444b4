// Types of endpoints that the document does not have yet; each goes when its generated type comes.
import type { Me } from "./types.generated.ts";

/** How one can sign in with a browser. */
export interface SignInMethods {
  readonly methods: readonly {
    readonly kind: "oidc" | "saml";
    readonly label: string;
    readonly url: string;
  }[];
}

/** The browser session that the page has. */
export interface Session {
  readonly me: Me;
  readonly csrf: string;
  readonly method: "oidc" | "saml";
  readonly signed_in_at: string;
  readonly authenticated_at?: string;
  readonly idle_ends_at: string;
  readonly ends_at: string;
}

/** One browser session in a list. */
export interface BrowserSession {
  readonly id: string;
  readonly person: string;
  readonly method: "oidc" | "saml";
  readonly signed_in_at: string;
  readonly last_seen_at: string;
  readonly ends_at: string;
  readonly address: string;
  readonly browser: string;
  readonly current: boolean;
}

/** The end of a session. */
export interface SignedOut {
  /** Where the provider's own session is ended, where it has such a place. */
  readonly provider_sign_out?: string;
}

/** A request that waits, as the inbox lists it. */
export interface InboxItem {
  readonly id: string;
  readonly requester: {
    readonly kind: "agent" | "person";
    readonly name: string;
    readonly owner?: string;
    readonly person?: string;
  };
  readonly connection: string;
  readonly operations: readonly string[];
  readonly risk: "low" | "medium" | "high";
  readonly reason: string;
  readonly ttl_seconds: number;
  readonly created_at: string;
  readonly waits_until: string;
  readonly needed: number;
  readonly given: number;
  readonly escalated: boolean;
  readonly may_decide: boolean;
  readonly why_not?: string;
}

/** What waits for the reviewer. */
export interface Inbox {
  readonly waiting: readonly InboxItem[];
  readonly more: boolean;
}

/** One delivery of a webhook. */
export interface WebhookDelivery {
  readonly id: string;
  readonly webhook: string;
  readonly seq: number;
  readonly type: string;
  readonly state: "pending" | "delivered" | "failed";
  readonly attempts: number;
  readonly last_status?: number;
  readonly last_error?: string;
  readonly next_at?: string;
  readonly delivered_at?: string;
}
