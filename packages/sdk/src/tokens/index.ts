// How tokens are got, step by step: `@mayfly/sdk/tokens`, for programs that keep them themselves, as the mayfly command does.
export { askAsAgent, type AgentAsk, type Subject } from "./agent.ts";
export { atServer, openId, type AtServer, type Client, type Proof } from "./authorization-server.ts";
export { newDpopKey, readDpopKey, type KeptDpopKey } from "./dpop-key.ts";
export { issuedToken, type IssuedToken } from "./issued.ts";
export { checkIdToken, isDue, refreshAccess, refreshIdToken, signInOf, type SignIn } from "./person.ts";
export { readPrivateKey, type SigningKey } from "./private-key.ts";
export { expiryOf } from "./reading.ts";
export { refusalOf, type Asked, type Stage } from "./refusals.ts";
export { askAsService, USUAL_SCOPE, type ServiceAsk } from "./service.ts";
