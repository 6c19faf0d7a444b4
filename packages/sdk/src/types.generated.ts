// Generated from packages/gateway/openapi.json by scripts/openapi.ts. Do not edit.

export interface Access {
/**
 * postgres, for example
 */
protocol: string
/**
 * A connection string; with the secret in it the one time it is given
 */
dsn?: string
/**
 * A base URL, for protocols over HTTP
 */
url?: string
/**
 * A kubeconfig (YAML), for clusters; with the secret in it the one time it is given
 */
kubeconfig?: string
/**
 * Variables that native clients read, for example PGHOST
 */
env: {
[k: string]: string
}
/**
 * The grant's secret: given once, stored nowhere, dead with the grant
 */
secret?: string
}
export interface Approval {
id: string
reviewer: {
issuer: string
subject: string
name: string
/**
 * What the person's provider calls them: to be shown beside the login, never in its place
 */
display_name?: string
}
decision: ("approve" | "refuse")
comment: string
/**
 * Where the reviewer allowed less than was asked for
 */
allowed?: {
operations: string[]
ttl_seconds: number
}
at: string
}
export interface ApprovalRule {
/**
 * Groups whose members may approve
 */
by: string[]
/**
 * How many of them have to, each once
 */
count: number
/**
 * How long a request may wait
 */
within_seconds: number
/**
 * After that time, members of these groups may decide as well
 */
escalate?: {
after_seconds: number
to: string[]
}
/**
 * How long ago, at most, an approver must have proved themselves to the provider
 */
fresh_sign_in_seconds?: number
/**
 * How many refusals end the request
 */
refusals: number
}
export interface Approve {
/**
 * The digest of the request as you saw it
 */
digest: string
/**
 * For the requester and the audit log
 */
comment?: string
/**
 * Less than was asked for. Of several reviewers, what all allow counts, for the shortest of their times
 */
allow?: {
/**
 * connection/operation; left out: all that was asked for
 * 
 * @minItems 1
 * @maxItems 32
 */
operations?: string[]
/**
 * 3m, for example; left out: what was asked for
 */
ttl?: string
}
}
export interface Ask {
connection: string
/**
 * Names on that connection
 * 
 * @minItems 1
 * @maxItems 32
 */
operations: string[]
/**
 * Why; reviewers and the audit log read it
 */
reason: string
/**
 * 5m, for example; left out: the policy's default
 */
ttl?: string
/**
 * An emergency: nobody approves, only policies with break_glass permit, the reason has at least 15 characters, and everybody hears of it
 */
break_glass?: boolean
}
export interface AskedOperation {
/**
 * connection/operation
 */
name: string
description: string
risk?: ("low" | "medium" | "high")
/**
 * What it covered when it was asked for, in words, a line a fact
 */
scope: string[]
}
export interface AuditKey {
/**
 * C2SP signed-note verifier key
 */
key: string
}
export interface AuditProofs {
/**
 * The signed note (C2SP tlog-checkpoint)
 */
checkpoint: string
/**
 * The C2SP signed-note verifier key that it verifies with
 */
key: string
/**
 * Newest first
 */
entries: {
/**
 * The leaf's index in the Merkle tree
 */
seq: number
/**
 * The record as it stands in the log; the leaf's hash is SHA-256(0x00 || its UTF-8 bytes)
 */
line: string
/**
 * Inclusion proof (RFC 9162, section 2.1.3.1), from the leaf up, base64
 */
proof: string[]
}[]
}
export interface AuditRecord {
seq: number
time: string
type: ("log.opened" | "log.closed" | "log.recovered" | "log.key_rotated" | "log.replaced" | "configuration.loaded" | "configuration.refused" | "authentication.refused" | "sign_in.succeeded" | "sign_in.refused" | "sign_out" | "request.created" | "request.denied" | "request.approved" | "request.refused" | "request.withdrawn" | "request.timed_out" | "request.escalated" | "approval.given" | "approval.refused_to" | "grant.activated" | "break_glass.activated" | "grant.collected" | "grant.released" | "grant.expired" | "grant.revoked" | "lockdown.started" | "lockdown.lifted" | "store.reconciled" | "session.opened" | "session.refused" | "session.closed" | "session.ended_upstream" | "act.intent" | "act.denied" | "act.outcome")
principal?: {
kind: ("agent" | "person" | "system")
issuer: string
subject: string
name: string
person?: string
actors?: string[]
}
request?: string
grant?: string
session?: string
connection?: string
operations?: string[]
policy?: string
configuration?: string
detail: {
[k: string]: unknown
}
}
export interface AuditRecords {
/**
 * Newest first
 */
records: AuditRecord[]
/**
 * Ask with before= this for the next page
 */
next_before?: number
}
export interface BrowserSession {
id: string
/**
 * The login
 */
person: string
/**
 * What the person's provider calls them: to be shown beside the login, never in its place
 */
display_name?: string
method: ("oidc" | "saml")
signed_in_at: string
last_seen_at: string
ends_at: string
/**
 * Where it was made from
 */
address: string
/**
 * The browser as it calls itself
 */
browser: string
/**
 * Whether this request came with it
 */
current: boolean
}
export interface BrowserSessions {
sessions: BrowserSession[]
}
export interface Connection {
name: string
protocol: string
address: string
/**
 * As this gateway last saw it, with the credential that it uses itself
 */
health: {
state: ("up" | "down" | "unknown")
checked_at?: string
/**
 * How long logging in and one answer took
 */
milliseconds?: number
/**
 * Why it is down; for operators alone
 */
detail?: string
}
operations: {
name: string
description: string
risk: ("low" | "medium" | "high")
last_used_at?: string
}[]
/**
 * The last 24 hours, counted in whole hours; last_used_at looks back a year
 */
recent: {
grants: number
acts: number
denied: number
last_used_at?: string
}
}
export interface Connections {
connections: Connection[]
}
export interface Grant {
id: string
request: string
requester: Requester
connection: string
operations: string[]
policies: string[]
state: ("active" | "expired" | "released" | "revoked")
activated_at: string
/**
 * The one absolute deadline
 */
ends_at: string
ended_at?: string
ended_by?: string
end_reason?: string
access?: Access
}
export interface Requester {
kind: ("agent" | "person")
issuer: string
subject: string
client: string
name: string
owner?: string
groups: string[]
person?: {
issuer: string
subject: string
}
/**
 * The act chain, nearest actor first (RFC 8693)
 */
actors: string[]
}
export interface Grants {
grants: Grant[]
/**
 * Where older ones may follow: ask again with before= this id
 */
next_before?: string
}
export interface Health {
status: ("ok" | "unavailable")
checks: {
name: string
ok: boolean
/**
 * For callers on the gateway's own machine alone
 */
detail?: string
}[]
}
export interface Inbox {
/**
 * What times out first comes first
 */
waiting: InboxItem[]
/**
 * Whether more than these wait
 */
more: boolean
}
export interface InboxItem {
id: string
requester: {
kind: ("agent" | "person")
name: string
owner?: string
/**
 * Whom the agent acts for
 */
person?: string
}
connection: string
/**
 * connection/operation
 */
operations: string[]
/**
 * That of the riskiest operation
 */
risk: ("low" | "medium" | "high")
reason: string
ttl_seconds: number
created_at: string
waits_until: string
/**
 * How many people have to approve
 */
needed: number
/**
 * How many have
 */
given: number
escalated: boolean
may_decide: boolean
/**
 * Why you may not decide it
 */
why_not?: string
}
export interface Live {
grants: {
grant: Grant
sessions: LiveSession[]
}[]
}
export interface LiveSession {
id: string
protocol: string
/**
 * The client's
 */
address: string
/**
 * What the client calls itself
 */
software?: string
opened_at: string
/**
 * Acts that were permitted
 */
acts: number
denied: number
/**
 * What the session is doing; absent before its first act
 */
now?: {
/**
 * The newest permitted act, shortened
 */
text: string
/**
 * When it began; for an idle session: when it ended
 */
since: string
state: ("running" | "idle")
}
}
export interface Lockdown {
locked: boolean
since?: string
by?: string
reason?: string
}
export interface LockdownOrder {
reason: string
}
export interface Me {
kind: ("agent" | "person")
issuer: string
subject: string
client: string
name: string
owner?: string
groups: string[]
person?: {
issuer: string
subject: string
}
/**
 * The act chain, nearest actor first (RFC 8693)
 */
actors: string[]
/**
 * What the person's provider calls them: to be shown beside the login, never in its place
 */
display_name?: string
roles: ("reviewer" | "operator" | "auditor")[]
token_expires_at: string
}
export interface Offer {
/**
 * connection/operation
 */
name: string
connection: string
operation: string
description: string
risk: ("low" | "medium" | "high")
/**
 * What it covers, in words, a line a fact
 */
scope: string[]
requestable: boolean
policy?: string
ttl?: {
default_seconds: number
max_seconds: number
}
approval?: ApprovalRule
/**
 * In an emergency: what asking with break_glass gives, at once
 */
break_glass?: {
policy: string
max_seconds: number
conditions: string[]
}
/**
 * What the policy still has to see met, as written
 */
conditions: string[]
reasons: string[]
}
export interface Offers {
operations: Offer[]
}
export interface PastGrant {
grant: string
connection: string
/**
 * connection/operation
 */
operations: string[]
activated_at: string
state: ("active" | "expired" | "released" | "revoked")
/**
 * Acts let through; left out: not known at the ask
 */
acts?: number
/**
 * Acts denied; left out: not known at the ask
 */
denied?: number
end_reason?: string
}
export interface Problem {
/**
 * urn:mayfly:problem: and the code
 */
type: string
title: string
status: number
/**
 * What happened
 */
detail: string
/**
 * Stable and machine-readable, in snake case
 */
code: string
/**
 * What to do about it
 */
hint?: string
/**
 * Of a denial: why, policy by policy
 */
reasons?: string[]
/**
 * The request that was denied
 */
request?: string
/**
 * Of an invalid input: what is wrong where
 */
errors?: {
at: string
message: string
}[]
/**
 * Of sign_in_again: how many seconds ago the new proof may be (RFC 9470)
 */
max_age?: number
/**
 * Of sign_in_again: where a browser proves it; add return=/path
 */
sign_in?: string[]
/**
 * Names this answer in the gateway's own log
 */
instance?: string
}
export interface ProtectedResource {
resource: string
authorization_servers: string[]
bearer_methods_supported: string[]
resource_name: string
}
export interface Reach {
/**
 * Every group that a policy names
 */
groups: string[]
operations: ReachOperation[]
}
export interface ReachOperation {
connection: string
operation: string
description: string
risk: ("low" | "medium" | "high")
/**
 * What it covers, in words, a line a fact
 */
scope: string[]
/**
 * When an act under it was last permitted; absent: not within a year
 */
last_used_at?: string
/**
 * One a policy and group; a forbid beats every permit
 */
rules: ReachRule[]
/**
 * Groups that a policy permits and none forbids outright; empty: nobody can reach it
 */
reachable_by: string[]
}
export interface ReachRule {
group: string
policy: string
effect: ("permit" | "forbid")
ttl_default_seconds?: number
ttl_max_seconds?: number
approval?: ApprovalRule
/**
 * The condition, as the policy has it
 */
when?: string
break_glass: boolean
}
export interface Refuse {
/**
 * The digest of the request as you saw it
 */
digest: string
/**
 * For the requester and the audit log
 */
comment?: string
}
export interface Request {
id: string
state: ("pending" | "approved" | "refused" | "withdrawn" | "timed_out" | "denied")
requester: Requester
connection: string
operations: AskedOperation[]
reason: string
/**
 * How long the grant lives from its activation, unless a reviewer allows less
 */
ttl_seconds: number
/**
 * Asked as an emergency: nobody approved, everybody hears of it
 */
break_glass: boolean
/**
 * The requester's last grants when it was asked, newest first
 */
history: PastGrant[]
/**
 * What an approval is bound to; send back that of what you saw
 */
digest: string
policies: string[]
approval?: ApprovalRule
approvals: Approval[]
reasons: string[]
created_at: string
waits_until?: string
/**
 * Since when those whom the policy escalates to may decide as well
 */
escalated_at?: string
/**
 * Whether you may decide it now
 */
may_decide: boolean
/**
 * Why you may not
 */
why_not?: string
decided_at?: string
grant_id?: string
grant?: Grant
}
export interface Requests {
requests: Request[]
/**
 * Where older ones may follow: ask again with before= this id
 */
next_before?: string
}
export interface Revocation {
reason: string
}
export interface RevocationOfAll {
/**
 * Whose grants, as a grant's requester names them
 */
requester: {
kind: ("agent" | "person")
issuer: string
subject: string
client: string
}
reason: string
}
export interface Revoked {
revoked: number
}
export interface Session {
me: Me
/**
 * What unsafe requests with the session's cookie repeat in x-mayfly-csrf
 */
csrf: string
method: ("oidc" | "saml")
signed_in_at: string
/**
 * When the person last proved who they are
 */
authenticated_at?: string
/**
 * When it ends if it is not used
 */
idle_ends_at: string
/**
 * When it ends in any case
 */
ends_at: string
}
export interface SignInMethods {
methods: {
kind: ("oidc" | "saml")
/**
 * For the button
 */
label: string
/**
 * Where a browser begins; takes return=/path and fresh=SECONDS
 */
url: string
}[]
}
export interface SignedOut {
/**
 * Where the browser ends its session at the provider too
 */
provider_sign_out?: string
}
export interface WebhookDeliveries {
deliveries: WebhookDelivery[]
}
export interface WebhookDelivery {
id: string
webhook: string
/**
 * The record's number in its gateway's log
 */
seq: number
/**
 * The record's type
 */
type: string
state: ("pending" | "delivered" | "failed")
attempts: number
last_status?: number
last_error?: string
next_at?: string
delivered_at?: string
}
