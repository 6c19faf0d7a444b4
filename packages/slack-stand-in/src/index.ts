export { signInteraction, type Press } from "./press.ts";
export { startSlackStandIn, type Failure, type Message, type SlackStandIn, type User } from "./server.ts";
