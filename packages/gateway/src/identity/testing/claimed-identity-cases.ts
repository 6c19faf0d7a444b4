// The claims of tokens as far as they say who somebody is: every form that Okta issues, and what is none of them.

export type Claims = Readonly<Record<string, unknown>>;

/** Okta's forms of an access token, as far as they say who somebody is. */
const service = { cid: "0oaSVC", sub: "0oaSVC", scp: ["mayfly"] };
const person = { cid: "0oaCLI", uid: "00uROSA", sub: "rosa@example.com", scp: ["openid", "mayfly"] };
const onBehalf = { cid: "0oaSVC", uid: "00uROSA", sub: "rosa@example.com" };
const forUser = {
  cid: "wlpA",
  uid: "00uROSA",
  sub: "rosa@example.com",
  sub_profile: "user",
  act: { sub: "wlpA", sub_profile: "ai_agent web_app" },
};
const forUserOlder = {
  cid: "wlpA",
  uid: "00uROSA",
  sub: "rosa@example.com",
  act: { sub: "wlpA", sub_profile: "ai_agent", act: { sub: "0oaAPP", sub_profile: "web_app" } },
};
const boundToApp = { ...forUser, cid: "0oa18f03", act: { sub: "0oa18f03", sub_profile: "ai_agent web_app" } };
const forMachineDocumented = {
  sub: "0oaSVC",
  scope: "mayfly",
  sub_profile: "service",
  act: { sub: "wlpA", sub_profile: "ai_agent", act: { sub: "0oaSVC", sub_profile: "service" } },
};
const forMachineObserved = { ...forMachineDocumented, cid: "wlpA", scope: undefined, scp: ["mayfly"] };
const agentToAgentUser = {
  cid: "wlpB",
  uid: "00uROSA",
  sub: "rosa@example.com",
  sub_profile: "user",
  act: { sub: "wlpB", sub_profile: "ai_agent", act: { sub: "wlpA", sub_profile: "ai_agent" } },
};
const agentToAgentMachine = {
  sub: "0oaSVC",
  sub_profile: "service",
  act: { sub: "wlpB", act: { sub: "wlpA", act: { sub: "0oaSVC", sub_profile: "service" } } },
};
const mcpServer = { cid: "wlpMCP", uid: "00uROSA", sub: "rosa@example.com" };
const thirdParty = { ...forUser, cid: "0oazteX", act: { sub: "0oazteX", sub_profile: "ai_agent" } };
const metadataClient = {
  ...forUser,
  cid: "https://agent.example/client.json",
  act: { sub: "https://agent.example/client.json", sub_profile: "ai_agent" },
};
const withoutProfile = { sub: "0oaSVC", cid: "wlpA", act: { sub: "wlpA", act: { sub: "0oaSVC" } } };

/** Every form, with what is read in it. */
export const forms: readonly [string, Claims, object][] = [
  ["a service app", service, { client: "0oaSVC", hasPerson: false, isDelegated: false }],
  ["a person", person, { client: "0oaCLI", uid: "00uROSA", hasPerson: true, isOwnSignIn: true }],
  ["an app on behalf of a person", onBehalf, { client: "0oaSVC", hasPerson: true, uid: "00uROSA" }],
  ["an agent for a user", forUser, { client: "wlpA", hasPerson: true, isOwnSignIn: false, actors: ["wlpA"] }],
  ["the same, older model", forUserOlder, { client: "wlpA", hasPerson: true, actors: ["wlpA", "0oaAPP"] }],
  ["an agent bound to an app", boundToApp, { client: "0oa18f03", hasPerson: true, isOwnSignIn: false }],
  [
    "machine access, documented",
    forMachineDocumented,
    { client: "wlpA", subject: "0oaSVC", hasPerson: false },
  ],
  ["machine access, observed", forMachineObserved, { client: "wlpA", subject: "0oaSVC", hasPerson: false }],
  [
    "agent to agent, for a user",
    agentToAgentUser,
    { client: "wlpB", hasPerson: true, actors: ["wlpB", "wlpA"] },
  ],
  ["agent to agent, for a machine", agentToAgentMachine, { client: "wlpB", hasPerson: false }],
  ["an MCP server that calls further", mcpServer, { client: "wlpMCP", hasPerson: true, isDelegated: false }],
  ["a third-party agent", thirdParty, { client: "0oazteX", hasPerson: true }],
  ["an agent named by its metadata's URL", metadataClient, { client: "https://agent.example/client.json" }],
  ["a machine without profiles", withoutProfile, { client: "wlpA", hasPerson: false }],
  ["a person by profile alone", { ...forUser, uid: undefined }, { hasPerson: true }],
];

/** What never has a person behind it. */
export const machines: readonly Claims[] = [
  service,
  forMachineDocumented,
  forMachineObserved,
  agentToAgentMachine,
  withoutProfile,
];

/** Each claim missing, of another type, or disagreeing with another: what is neither form is refused. */
const agentForms: [string, Claims][] = [
  ["user", forUser],
  ["older", forUserOlder],
  ["bound to an app", boundToApp],
  ["machine, documented", forMachineDocumented],
  ["machine, observed", forMachineObserved],
  ["agent to agent", agentToAgentUser],
  ["agent to agent, machine", agentToAgentMachine],
];
const faults: [string, (claims: Claims) => Claims][] = [
  ["its act is null", (claims) => ({ ...claims, act: null })],
  ["its act is a text", (claims) => ({ ...claims, act: "wlpA" })],
  ["its act is a list", (claims) => ({ ...claims, act: [claims["act"]] })],
  ["its act has no sub", (claims) => ({ ...claims, act: { sub_profile: "ai_agent" } })],
  ["its act has an empty sub", (claims) => ({ ...claims, act: { ...(claims["act"] as object), sub: " " } })],
  ["its actor is a number", (claims) => ({ ...claims, act: { ...(claims["act"] as object), sub: 7 } })],
  ["an inner actor is a text", (claims) => ({ ...claims, act: { ...(claims["act"] as object), act: "x" } })],
  ["its client is not its nearest actor", (claims) => ({ ...claims, cid: "0oaOTHER" })],
  ["its profile is a list", (claims) => ({ ...claims, sub_profile: ["user"] })],
  ["its profile is empty", (claims) => ({ ...claims, sub_profile: "" })],
  ["its profile has two spaces", (claims) => ({ ...claims, sub_profile: "user  service" })],
  ["its profile says both", (claims) => ({ ...claims, sub_profile: "user service" })],
];

/** Forms of agents with one fault each. */
export const faulty: readonly (readonly [form: string, why: string, claims: Claims])[] = agentForms.flatMap(
  ([form, claims]) => faults.map(([why, change]) => [form, why, change(claims)] as const),
);

/** What contradicts itself in another way. */
export const contradictions: readonly [string, Claims][] = [
  ["a user id beside a machine's profile", { ...forMachineObserved, uid: "00uROSA" }],
  [
    "a user's profile beside an innermost actor that is the subject",
    { ...withoutProfile, sub_profile: "user" },
  ],
  ["a user id beside an innermost actor that is the subject", { ...withoutProfile, uid: "00uROSA" }],
  [
    "an agent without a word of whom it acts for",
    { ...forUserOlder, uid: undefined, sub_profile: "web_app" },
  ],
  ["an agent whose subject is nobody it names", { cid: "wlpA", sub: "x", act: { sub: "wlpA" } }],
  ["neither cid nor act", { sub: "0oaSVC" }],
  ["a subject that is neither its client nor a person", { cid: "0oaSVC", sub: "rosa@example.com" }],
  ["a person's profile without an id", { cid: "0oaCLI", sub: "rosa@example.com", sub_profile: "user" }],
  ["a client that is said to be a person", { cid: "0oaSVC", sub: "0oaSVC", uid: "00uROSA" }],
  ["a service that says it is a user", { ...service, sub_profile: "user" }],
  ["a person whose profile is an agent's", { ...person, sub_profile: "ai_agent" }],
];
