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
}
decision: ("approve" | "refuse")
comment: string
at: string
}
export interface ApprovalRule {
/**
 * Groups whose members may approve
 */
by: string[]
count: number
within_seconds: number
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
}
export interface AskedOperation {
/**
 * connection/operation
 */
name: string
description: string
risk?: ("low" | "medium" | "high")
/**
 * What it covers, in words, a line a fact
 */
scope: string[]
}
export interface AuditKey {
/**
 * C2SP signed-note verifier key
 */
key: string
}
export interface AuditRecord {
seq: number
time: string
type: ("log.opened" | "log.closed" | "log.recovered" | "log.key_rotated" | "configuration.loaded" | "configuration.refused" | "authentication.refused" | "request.created" | "request.denied" | "request.approved" | "request.refused" | "request.withdrawn" | "request.timed_out" | "approval.given" | "grant.activated" | "grant.collected" | "grant.released" | "grant.expired" | "grant.revoked" | "lockdown.started" | "lockdown.lifted" | "session.opened" | "session.refused" | "session.closed" | "act.intent" | "act.denied" | "act.outcome")
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
 * What the policy still has to see met, as written
 */
conditions: string[]
reasons: string[]
}
export interface Offers {
operations: Offer[]
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
export interface Request {
id: string
state: ("pending" | "approved" | "refused" | "withdrawn" | "timed_out" | "denied")
requester: Requester
connection: string
operations: AskedOperation[]
reason: string
/**
 * How long the grant lives, from its activation
 */
ttl_seconds: number
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
decided_at?: string
grant_id?: string
grant?: Grant
}
export interface Requests {
requests: Request[]
}
export interface Review {
/**
 * The digest of the request as you saw it
 */
digest: string
/**
 * For the requester and the audit log
 */
comment?: string
}
export interface Revocation {
reason: string
}
