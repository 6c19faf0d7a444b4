import type { Writable } from "node:stream";
import * as z from "zod";
import { webAccess } from "../../../packages/gateway/src/gate/access.ts";
import { endOf } from "../../../packages/gateway/src/gate/gate.ts";
import type { NamedScope, Protocol, Verdict } from "../../../packages/gateway/src/gate/protocol.ts";
import { createSend } from "../../../packages/gateway/src/gate/send.ts";
import { MAX_ANSWER_BYTES, refusalIn } from "../../../packages/gateway/src/gate/tools/answers.ts";
import { connectionInput, grantInput } from "../../../packages/gateway/src/gate/tools/inputs.ts";
import { tool } from "../../../packages/gateway/src/gate/tools/tool.ts";
import type { WebHandler } from "../../../packages/gateway/src/gate/web/handler.ts";
import { denied, refusedAnswer } from "../../../packages/gateway/src/gate/web/problem.ts";
import { send as reply } from "../../../packages/gateway/src/gate/web/router.ts";

/** A scope names the words that may be said. */
interface ToyScope {
  readonly words: readonly string[];
}

/** What covers a word: how loud it is said. */
interface ToyCover {
  readonly said: string;
}

/** The system behind it: a parrot, which remembers what it was told. */
export const parrot: string[] = [];

const say = createSend((word: string) => void parrot.push(word));

function compile(scopes: readonly NamedScope<ToyScope>[]): (word: string) => Verdict<ToyCover> {
  return (word) => {
    const covering = scopes.find(({ scope }) => scope.words.includes(word));
    if (covering !== undefined)
      return { kind: "permit", operation: covering.name, cover: { said: word.toUpperCase() } };
    const rule = `${scopes[0]?.name}: words`;
    return { kind: "deny", denial: { rule, message: `${word} is not granted`, remedy: "ask", hint: "ask" } };
  };
}

/** `GET /toy/CONNECTION/WORD` says a word, and the answer stays open until the grant ends. */
const web: WebHandler<string, ToyCover> = {
  async request(exchange, gate) {
    const { bearer, shown, connection, client, account, response, connectionOf: socket } = exchange;
    const session = await gate.enter({ bearer, shown, connection, client, account, socket });
    if (session.kind === "refused") return reply(response, refusedAnswer(session, "https://toy.test"));
    const word = exchange.target.slice(1);
    const decision = await session.judge(word, JSON.stringify({ word }));
    if (decision.kind === "deny") return reply(response, denied(decision.denial));
    const { permit } = decision;
    say(permit, permit.cover.said);
    session.complete(permit, { bytes: word.length });
    response.setHeader("content-type", "text/plain");
    const out: Writable = response;
    out.write(permit.cover.said);
    const close = (): void => void out.end(` ${endOf(session.ended)?.cause}`);
    if (word !== "stay") out.end();
    else if (session.ended.aborted) close();
    else session.ended.addEventListener("abort", close, { once: true });
    return undefined;
  },
};

/** Makes the toy protocol. */
export function createToy(): Protocol<ToyScope, string, ToyCover> {
  return {
    kind: "toy",
    target: z.strictObject({ cage: z.string() }),
    scope: z.strictObject({ words: z.array(z.string()).min(1) }),
    notEnforceable: [],
    compile,
    trial: compile,
    describe: ({ words }) => [`say ${words.join(", ")}`],
    words: (word) => word,
    address: (target) => (target as { readonly cage: string }).cage,
    access: (grant, endpoints) => webAccess("toy", grant, endpoints),
    ready: () => Promise.resolve(),
    web,
    tools: [
      tool({
        name: "say_word",
        title: "Say a word",
        description: "Says one word under your active grant on a toy connection.",
        input: z.strictObject({ connection: connectionInput, grant: grantInput, word: z.string() }),
        annotations: { readOnlyHint: false, openWorldHint: false },
        async run({ connection, word }, call) {
          const ask = { connection, path: `/${word}`, method: "GET", headers: {}, bytes: MAX_ANSWER_BYTES };
          const answer = await call.loopback.request(ask);
          const refusal = refusalIn(answer, call, connection);
          if (refusal !== undefined) throw refusal;
          return { said: answer.body.toString() };
        },
      }),
    ],
  };
}
