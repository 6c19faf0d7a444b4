import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { failed } from "./files.ts";

/** How long an agent may take, milliseconds. */
const ANSWER_MS = 2000;
/** OpenSSH's own bound of a message (AGENT_MAX_LEN in its authfd.c). */
const MAX_ANSWER_BYTES = 256 * 1024;
/** draft-ietf-sshm-ssh-agent, "Protocol Numbers". */
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;

/** What an agent says that it holds. */
type AgentAnswer =
  | { readonly kind: "nothing" }
  | { readonly kind: "keys"; readonly count: number }
  | { readonly kind: "unread"; readonly why: string };

/** Asks an SSH agent how many keys it holds (draft-ietf-sshm-ssh-agent, "Requesting a list of keys"). It never throws. */
export async function askAgent(
  path: string,
  signal: AbortSignal = AbortSignal.timeout(ANSWER_MS),
): Promise<AgentAnswer> {
  try {
    if (!(await stat(path)).isSocket()) return { kind: "unread", why: "no socket of an agent" };
  } catch (error) {
    return failed(error);
  }
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const socket = connect(path);
    const end = (answer: AgentAnswer): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = (): void => end({ kind: "unread", why: "the agent does not answer" });
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    socket.on("error", (error) => {
      const why = failed(error);
      end(
        "code" in error && error.code === "ECONNREFUSED"
          ? { kind: "unread", why: "no agent listens there" }
          : why,
      );
    });
    // uint32 length, then the message's number.
    socket.on("connect", () => socket.write(Buffer.from([0, 0, 0, 1, REQUEST_IDENTITIES])));
    socket.on("data", (piece) => {
      got = Buffer.concat([got, piece]);
      const answer = answerOf(got);
      if (answer !== undefined) end(answer);
    });
    socket.on("close", () => end({ kind: "unread", why: "the agent closes without an answer" }));
  });
}

/** Reads an agent's answer; undefined while it is not whole. */
function answerOf(got: Buffer): AgentAnswer | undefined {
  if (got.length < 5) return undefined;
  const length = got.readUInt32BE(0);
  if (got[4] !== IDENTITIES_ANSWER || length > MAX_ANSWER_BYTES || length < 5)
    return { kind: "unread", why: "the agent does not tell its keys" };
  if (got.length < 4 + length) return undefined;
  const count = got.readUInt32BE(5);
  return areKeys(got.subarray(9, 4 + length), count)
    ? { kind: "keys", count }
    : { kind: "unread", why: "the agent's answer is not understood" };
}

/** Whether so many keys follow, each a blob and a comment: strings that begin with their length (RFC 4251, section 5). */
function areKeys(bytes: Buffer, count: number): boolean {
  let at = 0;
  for (let left = count * 2; left > 0; left--) {
    if (at + 4 > bytes.length) return false;
    at += 4 + bytes.readUInt32BE(at);
  }
  return at === bytes.length;
}
