import { Socket } from "node:net";
import type { EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { testGrant, testSecret } from "./fake-gate.ts";
import { dial, errorOf, frames, type Listening, type Message, type RawClient } from "./wire.ts";

/** What a client says at once, or what it reads before it says more: up to a message of that type. */
export type Step = readonly Buffer[] | string;

const THE_END = "the end";

/** A session with the server itself, as its superuser. */
export async function dialServer({ port, user, password }: EmbeddedPostgres): Promise<RawClient> {
  const client = await dial(port);
  await client.logIn({ user, database: "postgres", secret: password });
  return client;
}

/** A session through the gateway; what the client writes leaves at once, so that no answer can come before it. */
export async function dialGateway({ port }: Listening): Promise<RawClient> {
  const client = await dial(port);
  if (client.socket instanceof Socket) client.socket.setNoDelay();
  await client.logIn({ user: testGrant, database: "shop", secret: testSecret });
  return client;
}

/** An answer in short: types, command tags, SQLSTATEs and the transaction's state. */
function shorten({ type, body }: Message): string {
  if (type === "E") {
    const { code, message } = errorOf({ type, body });
    return `E ${code} ${message}`;
  }
  if (type === "C") return `C ${body.toString("utf8", 0, body.length - 1)}`;
  return type === "Z" ? `Z ${body.toString()}` : type;
}

/**
 * The answers to steps, and to a last query: whether everything that was said has been answered, and nothing more. The
 * session can then be used again.
 * @param send how what is said at once is written
 */
export async function answersTo(
  client: RawClient,
  steps: readonly Step[],
  send: (client: RawClient, messages: readonly Buffer[]) => void = (to, messages) => to.send(...messages),
): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const step of steps) {
    if (typeof step === "string") answers.push(...(await client.until(step)).map(shorten));
    else send(client, step);
  }
  client.send(frames.query("rollback"), frames.query(`select '${THE_END}'`));
  for (;;) {
    const message = await client.next();
    if (message === undefined) return [...answers, "closed"];
    if (message.type === "D" && message.body.includes(THE_END)) break;
    answers.push(shorten(message));
  }
  await client.until("Z");
  return answers;
}
