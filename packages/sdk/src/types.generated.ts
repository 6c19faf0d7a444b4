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
export interface Agent {
requester: Requester
states: RequestCounts
/**
 * How many of its grants were looked at, at most 500
 */
granted: number
/**
 * Acts let through under them; left out: not known now
 */
acts?: number
/**
 * Acts denied under them; left out: not known now
 */
denied?: number
/**
 * What it could ask for now
 */
reaches: ReachedOperation[]
/**
 * The newest that you may see, at most 50
 */
requests: Request[]
/**
 * The newest, at most 50; for operators and auditors
 */
grants?: Grant[]
/**
 * What was denied under its last grants; for operators and auditors
 */
denials?: DeniedAct[]
/**
 * Logs of which denials may lack something
 */
partial?: {
log: string
lacks: ("acts" | "bodies" | "newest")
reason: string
}[]
/**
 * Logs that were given up: of these they do
 */
retired?: {
log: string
lacks: ("acts" | "bodies" | "newest")
by: string
at: string
}[]
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
export interface RequestCounts {
pending?: number
approved?: number
refused?: number
withdrawn?: number
timed_out?: number
denied?: number
}
export interface ReachedOperation {
/**
 * connection/operation
 */
name: string
description: string
risk: ("low" | "medium" | "high")
/**
 * What asking for it takes now, at least
 */
way: ("at_once" | "approval" | "emergency" | "not_now")
/**
 * How many people have to approve
 */
approvals?: number
max_seconds?: number
/**
 * Whether it depends on a condition of the policy too
 */
conditions: boolean
/**
 * How many of the grants that were looked at covered it
 */
granted: number
last_granted_at?: string
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
 * The grant ends with its task: when the task has not renewed it for this long
 */
lease_seconds?: number
/**
 * For a command in a sandbox, as whoever asked says: nobody can look; absent: not
 */
sandbox?: true
/**
 * Where a policy asked: when the paths beside the gateway were probed closed from where this was asked
 */
paths_closed_at?: string
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
/**
 * Of an emergency, for everybody but its requester: who reviewed it afterwards, and what they found
 */
reviews?: Review[]
/**
 * Of an emergency, for the same: whether you may review it now
 */
may_review?: boolean
/**
 * Why you may not review it
 */
why_not_review?: string
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
 * Acts let through; left out: not known then
 */
acts?: number
/**
 * Acts denied; left out: not known then
 */
denied?: number
end_reason?: string
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
export interface Review {
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
note: string
at: string
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
/**
 * It ends earlier when its task has not renewed it for this long
 */
lease_seconds?: number
/**
 * For a command in a sandbox: its secret alone is taken, no access token; absent: not
 */
sandbox?: true
ended_at?: string
ended_by?: string
end_reason?: string
access?: Access
}
export interface DeniedAct {
/**
 * The record's number in the audit log
 */
seq: number
/**
 * The log's name, where several gateways share a store
 */
log?: string
at: string
grant: string
connection: string
/**
 * The act as the record has it: sql, or method and path, argv, tool
 */
act: {
[k: string]: unknown
}
/**
 * Which rule refused it
 */
rule?: string
/**
 * What was refused and why
 */
message?: string
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
 * @maxItems 16
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
 * @maxItems 16
 */
operations: string[]
/**
 * Why: reviewers see this, and it is kept in the audit log
 */
reason: string
/**
 * 5m, for example; left out: the policy's default
 */
ttl?: string
/**
 * Ends the grant when the task is gone: true, or how long the task may go without renewing it (2s to 60s; true is 4s). Renew with POST /v1/grants/{id}/lease, three times in that time
 */
lease?: (boolean | string)
/**
 * What is granted is for a command in a sandbox, which reaches nothing else. A launcher says so for what it starts (mayfly run --sandbox); nobody can look
 */
sandbox?: boolean
/**
 * An emergency: nobody approves, only policies with break_glass permit, the reason has at least 15 characters, and everybody hears of it
 */
break_glass?: boolean
}
export interface AuditHistogram {
from: string
to: string
step_seconds: number
/**
 * Oldest first, each as long as the step; the first may begin before `from`
 */
buckets: {
/**
 * When it begins
 */
at: string
/**
 * Acts let through of which no failure is recorded
 */
permitted: number
/**
 * Acts let through whose outcome is an error
 */
failed: number
denied: number
}[]
/**
 * Only acts from here on are counted: there are more than are looked at
 */
counted_from?: string
/**
 * Logs whose gateway does not answer: acts of theirs may be missing, or what came of them
 */
partial?: {
log: string
lacks: ("acts" | "bodies" | "newest")
reason: string
}[]
/**
 * Logs that an operator has given up: the same is missing of theirs, for good
 */
retired?: {
log: string
lacks: ("acts" | "bodies" | "newest")
by: string
at: string
}[]
}
export interface AuditKey {
/**
 * C2SP signed-note verifier key
 */
key: string
}
export interface AuditLogs {
/**
 * By name
 */
logs: {
name: string
/**
 * Its first C2SP verifier key, which its later keys follow from
 */
key: string
/**
 * Whether a gateway has said within the last 15 s that it writes it; `retired`: an operator has given it up
 */
state: ("writing" | "stopped" | "retired")
/**
 * That gateway's machine
 */
host?: string
/**
 * On its disk, as of seen_at
 */
records: number
/**
 * How many of them its newest checkpoint covers
 */
covered?: number
/**
 * That checkpoint, a signed note
 */
checkpoint?: string
seen_at: string
/**
 * Who gave it up, why and when
 */
retired?: {
by: string
reason: string
at: string
}
}[]
/**
 * The list as a signed note (C2SP signed-note): mayfly-logs, the name of the log that signs, the time, and a line a log: its first key, its records, its newest checkpoint in base64 or -, and `retired` where it was given up
 */
note: string
/**
 * The verifier key that the note verifies with: the answering gateway's
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
 * The record as it stands in the log, nothing joined to it; the leaf's hash is SHA-256(0x00 || its UTF-8 bytes)
 */
line: string
/**
 * Inclusion proof (RFC 9162, section 2.1.3.1), from the leaf up, base64
 */
proof: string[]
}[]
/**
 * Further records that the entries refer to, oldest first: the `session` of an act is the number of its session's opening record, and `detail.repeats` that of an act that says the members left out; and the `log.segment_dropped` records of the files of which entries are missing
 */
referenced: {
/**
 * The leaf's index in the Merkle tree
 */
seq: number
/**
 * The record as it stands in the log, nothing joined to it; the leaf's hash is SHA-256(0x00 || its UTF-8 bytes)
 */
line: string
/**
 * Inclusion proof (RFC 9162, section 2.1.3.1), from the leaf up, base64
 */
proof: string[]
}[]
/**
 * What each key of the log signed for the next, oldest first: signed notes of three lines, mayfly-log-key, the log's name and the next key
 */
rotations: string[]
}
/**
 * One record of the audit log. The log's own records of acts (`act.intent`, `act.denied`, `act.outcome`) carry of their context only the number of their session's opening record; `principal`, `request`, `grant`, `session`, `connection`, `operations`, `policy`, `configuration`, and of an intent `detail.decision` and `detail.operation` (in the log a place in `operations`, or nothing where there is one), are joined from there. An act that repeats an earlier one of its session (`detail.repeats`, that record's number) gets the other members of `detail.act` from it. What is signed and proved is the line as the log holds it: see AuditProofs.
 */
export interface AuditRecord {
seq: number
/**
 * The name of its log, where several gateways or workers share a store
 */
log?: string
time: string
type: ("log.opened" | "log.closed" | "log.recovered" | "log.key_rotated" | "log.replaced" | "log.segment_dropped" | "log.hold_placed" | "log.hold_lifted" | "log.listed" | "log.retired" | "log.returned" | "configuration.loaded" | "configuration.refused" | "authentication.refused" | "sign_in.succeeded" | "sign_in.refused" | "sign_out" | "signal.received" | "signal.refused" | "request.created" | "request.denied" | "request.approved" | "request.refused" | "request.withdrawn" | "request.timed_out" | "request.escalated" | "approval.given" | "approval.refused_to" | "grant.activated" | "break_glass.activated" | "break_glass.reviewed" | "grant.collected" | "lease.refused_to" | "grant.released" | "grant.expired" | "grant.revoked" | "lockdown.started" | "lockdown.lifted" | "probe.offered" | "probe.started" | "probe.refused" | "path.probed" | "store.reconciled" | "session.opened" | "session.refused" | "session.closed" | "session.ended_upstream" | "act.intent" | "act.denied" | "act.outcome")
principal?: {
kind: ("agent" | "person" | "system")
issuer: string
subject: string
name: string
/**
 * The agent's own id, where it acts for somebody and the subject is theirs
 */
client?: string
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
 * Newest first: those of a log in its order, and among logs by their time
 */
records: AuditRecord[]
/**
 * Ask with before= this for the next page
 */
next_before?: string
/**
 * On the first page: follow the events after it with this as Last-Event-ID. Of a search with filters: those after all that it has looked through
 */
last_event_id?: string
/**
 * Logs that could not be searched whole. Their gateway does not answer: the answer may lack `acts` of theirs, or has these with `detail.body_at` (the name of the log that holds the rest) in the place of what they say (`bodies`). Or it may lack the `newest` records, which were not indexed yet
 */
partial?: {
log: string
lacks: ("acts" | "bodies" | "newest")
reason: string
}[]
/**
 * Logs that an operator has given up: the answer lacks the same of them as under `partial`, for good
 */
retired?: {
log: string
lacks: ("acts" | "bodies" | "newest")
by: string
at: string
}[]
/**
 * On the last page: so many older records, the newest of that time, are in the log's archive alone and were not searched
 */
archived?: {
records: number
to: string
}
}
export interface Background {
/**
 * connection/operation: what the requester had not asked for in its earlier requests
 */
first_time: string[]
earlier: RequestCounts
/**
 * How many earlier requests were looked at
 */
looked_at: number
/**
 * Whether there are older ones, which were not
 */
more: boolean
taken?: PastGrant
/**
 * What was denied under its last grants, newest first: on the request's own connection for whoever may decide it, on all for operators and auditors; left out for reviewers who may not decide the request now
 */
denials?: DeniedAct[]
shadow?: ShadowPlan
/**
 * Logs of which denials may lack something
 */
partial?: {
log: string
lacks: ("acts" | "bodies" | "newest")
reason: string
}[]
/**
 * Logs that were given up: of these they do
 */
retired?: {
log: string
lacks: ("acts" | "bodies" | "newest")
by: string
at: string
}[]
}
export interface ShadowPlan {
decision: ("permit" | "deny")
policies?: string[]
ttl_seconds?: number
approval?: ApprovalRule
reasons: string[]
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
/**
 * It is observed: whoever a policy lets may do whatever can be recorded, until then
 */
observed_until?: string
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
/**
 * What a decision about it is bound to
 */
digest: string
requester: {
kind: ("agent" | "person")
issuer: string
subject: string
client: string
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
export interface Lease {
/**
 * Until the lease is lost and the grant ends, unless it is renewed again; never past the deadline
 */
seconds_left: number
}
export interface Live {
grants: {
grant: Grant
/**
 * That of the riskiest operation
 */
risk: ("low" | "medium" | "high")
/**
 * Whether it was asked for as an emergency
 */
break_glass: boolean
/**
 * Of an emergency: why, as the agent says
 */
emergency_reason?: string
sessions: LiveSession[]
}[]
/**
 * Whether there are more than these: 500 are shown
 */
more: boolean
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
/**
 * What the connection speaks: postgres, http, kubernetes, mcp, …
 */
protocol?: string
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
 * Ask with `lease`, of so many seconds at most
 */
lease?: {
max_seconds: number
}
/**
 * What must be known of where the task runs
 */
requires?: {
/**
 * Ask from a host whose paths beside the gateway were probed closed (`mayfly probe`) that lately
 */
closed_paths_within_seconds?: number
/**
 * Ask for a command in a sandbox (`mayfly run --sandbox`)
 */
sandbox?: true
}
/**
 * What other policies give, each better in something: without a person for a task that holds a lease, or longer
 * 
 * @maxItems 4
 */
alternatives?: OfferedTerms[]
/**
 * In an emergency: what asking with break_glass gives, at once
 */
break_glass?: {
policy: string
max_seconds: number
/**
 * Ask with `lease`, of so many seconds at most
 */
lease?: {
max_seconds: number
}
/**
 * What must be known of where the task runs
 */
requires?: {
/**
 * Ask from a host whose paths beside the gateway were probed closed (`mayfly probe`) that lately
 */
closed_paths_within_seconds?: number
/**
 * Ask for a command in a sandbox (`mayfly run --sandbox`)
 */
sandbox?: true
}
conditions: string[]
}
/**
 * What the policy still has to see met, as written
 */
conditions: string[]
reasons: string[]
}
export interface OfferedTerms {
policy: string
ttl: {
default_seconds: number
max_seconds: number
}
approval?: ApprovalRule
/**
 * Ask with `lease`, of so many seconds at most
 */
lease?: {
max_seconds: number
}
/**
 * What must be known of where the task runs
 */
requires?: {
/**
 * Ask from a host whose paths beside the gateway were probed closed (`mayfly probe`) that lately
 */
closed_paths_within_seconds?: number
/**
 * Ask for a command in a sandbox (`mayfly run --sandbox`)
 */
sandbox?: true
}
/**
 * What the policy still has to see met, as written
 */
conditions: string[]
}
export interface Offers {
operations: Offer[]
}
export interface Overview {
at: string
now: {
/**
 * Active; at most 500 are counted
 */
grants: number
/**
 * Open on this gateway
 */
sessions: number
/**
 * Sessions with an act under way
 */
running: number
/**
 * Active grants that were asked for as an emergency
 */
break_glass: number
/**
 * Active grants that end within 15 minutes
 */
expiring: number
/**
 * Requests that wait for a person; at most 500 are counted
 */
waiting: number
/**
 * Emergencies that nobody has reviewed yet; at most 500 are counted
 */
unreviewed: number
/**
 * Agents and people who hold an active grant
 */
agents: number
}
/**
 * The last 24 hours, from this gateway's log; acts are counted by whole hours
 */
day: {
from: string
asked: number
granted: number
/**
 * By a reviewer
 */
refused: number
/**
 * Requests that policies denied
 */
denied: number
timed_out: number
break_glass: number
revoked: number
acts: number
denied_acts: number
}
/**
 * Each of the last 24 whole hours and the one under way, oldest first
 */
hours: {
at: string
grants: number
acts: number
denied: number
}[]
}
export interface ProbeCredential {
kind: string
/**
 * A file, or a variable of the environment; never its value
 */
place: string
name: string
leads_to?: string
}
export interface ProbeEndpoint {
/**
 * A name, or an address without brackets
 */
host: string
port: number
speaks: ("postgres" | "https" | "http")
database?: string
/**
 * The role that the gateway logs in as
 */
user?: string
/**
 * As the gateway's own resolver says, and where one of them means the gateway's machine (127.0.0.1, say) that one's others
 */
addresses: string[]
/**
 * How many more it has: the verdict is undecided then
 */
addresses_left_out?: number
}
export interface ProbeOffer {
probe: string
/**
 * Good for one start; given once, stored nowhere
 */
token: string
expires_at: string
connections: string[]
}
export interface ProbeOrder {
/**
 * Whose real addresses may be told; left out: all connections'
 * 
 * @minItems 1
 * @maxItems 100
 */
connections?: string[]
}
export interface ProbeReport {
nonce: string
/**
 * The machine's own name
 */
host: string
/**
 * @maxItems 1000
 */
ways: ProbeWay[]
/**
 * @maxItems 300
 */
credentials: ProbeCredential[]
}
export interface ProbeWay {
/**
 * Whose target it leads to: one of the probe's; left out: no connection's
 */
connection?: string
/**
 * 10.0.0.7:5432, for example
 */
to: string
/**
 * address 10.0.0.7, proxy HTTPS_PROXY, metadata address, for example
 */
by: string
kind: ("direct" | "proxy" | "metadata" | "socket" | "credential")
address?: string
port?: number
outcome: ("closed" | "open" | "undecided")
/**
 * open: answered. closed: refused, timeout, unreachable, denied, no_name, rejected or absent. undecided: any
 */
found: ("refused" | "timeout" | "unreachable" | "denied" | "no_name" | "rejected" | "absent" | "answered" | "reset" | "silent" | "other")
detail: string
/**
 * Places of credentials that it would be used with
 * 
 * @maxItems 20
 */
credentials?: string[]
}
export interface ProbeStart {
token: string
}
export interface ProbeTarget {
connection: string
protocol: string
/**
 * As the gateway itself finds it now
 */
state: ("up" | "down" | "unknown")
/**
 * Empty: no address leads there, as the gateway starts it itself
 */
endpoints: ProbeEndpoint[]
}
export interface ProbeTask {
probe: string
/**
 * Good for one report; given once, stored nowhere
 */
nonce: string
report_by: string
/**
 * Where agents reach the gateway: no way around it
 */
gateway: {
host: string
/**
 * Of its URL
 */
port: number
/**
 * This one, and those of protocols with a port of their own
 */
ports: number[]
}
targets: ProbeTarget[]
}
export interface ProbedHost {
probe: string
/**
 * As the machine calls itself
 */
host: string
/**
 * Where the report came from, as the gateway saw it
 */
address: string
principal: Requester
/**
 * Thumbprint (RFC 7638) of the key that the report is signed with; absent: a bearer token
 */
key?: string
offered_by: string
/**
 * Of the last report
 */
probed_at: string
/**
 * The worst of its connections and its other ways
 */
verdict: ("closed" | "open" | "undecided")
connections: {
connection: string
/**
 * closed: every address that was told was tried and closed while the target was up. no_address: no address leads there, as the gateway starts it itself
 */
verdict: ("closed" | "open" | "open_with_credential" | "undecided" | "no_address")
/**
 * Ways that stand open, in words
 */
open: string[]
/**
 * What keeps it from being closed, in words
 */
undecided: string[]
/**
 * When that was reported: the host's last report may be of others
 */
probed_at: string
}[]
/**
 * Open ways that are no connection's, in words
 */
open: string[]
/**
 * Those that nobody could decide about, in words
 */
undecided: string[]
credentials: ProbeCredential[]
/**
 * How many more there are; the record path.probed has them
 */
credentials_left_out?: number
}
export interface ProbedHosts {
hosts: ProbedHost[]
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
scopes_supported?: string[]
bearer_methods_supported: string[]
dpop_signing_alg_values_supported?: string[]
dpop_bound_access_tokens_required?: boolean
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
 * The same of policies in shadow, which decide nothing; absent: there are none
 */
shadow_rules?: ReachRule[]
/**
 * Groups that a policy permits and none forbids outright; empty: nobody can reach it
 */
reachable_by: string[]
}
export interface ReachRule {
group: string
/**
 * Groups of the person whom the agent acts for, one of which they must be in
 */
person_groups?: string[]
policy: string
effect: ("permit" | "forbid")
ttl_default_seconds?: number
ttl_max_seconds?: number
/**
 * The longest lease that it takes; absent: it demands none
 */
lease_max_seconds?: number
/**
 * How lately the paths beside the gateway must have been probed closed; absent: it asks no probe
 */
closed_paths_within_seconds?: number
/**
 * It demands a command in a sandbox; absent: it does not
 */
sandbox?: true
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
export interface Requests {
requests: Request[]
/**
 * Where older ones may follow, also behind a short or empty list: ask again with before= this id. The list is over without it
 */
next_before?: string
}
export interface RetireLogOrder {
/**
 * The log's name
 */
log: string
reason: string
}
export interface RetiredLog {
log: string
/**
 * Its first C2SP verifier key
 */
key: string
/**
 * On its disk when it was last heard of
 */
records: number
by: string
reason: string
at: string
}
export interface ReviewEmergency {
/**
 * What you found; kept with the request and in the audit log
 */
note: string
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
