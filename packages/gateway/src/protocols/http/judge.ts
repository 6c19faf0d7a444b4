import { type Objection, denialOf, notGranted, wrong } from "../../gate/hints.ts";
import type { Denial, Verdict } from "../../gate/protocol.ts";
import type { HttpAct, HttpCover } from "./act.ts";
import { judgeBody } from "./body/judge.ts";
import type { Compiled } from "./compile.ts";
import { type Candidate, type Failure, judgeHead, type JudgedHead, nearer, STEPS } from "./judge-head.ts";

/**
 * A verdict that was found before the gate asks for it, because the body was judged in its principal's turn or in a worker.
 * It is good for the scopes by which it was found, and only this file makes one.
 */
class PreparedVerdict {
  readonly scopes: readonly Compiled[];
  readonly #verdict: Verdict<HttpCover>;

  constructor(scopes: readonly Compiled[], verdict: Verdict<HttpCover>) {
    this.scopes = scopes;
    this.#verdict = verdict;
  }

  get verdict(): Verdict<HttpCover> {
    return this.#verdict;
  }
}

export type Prepared = PreparedVerdict;

/** Why one candidate's rule refuses the body; undefined when it does not. */
export type Finding = Objection | undefined;

/** What a grant covers, in words, for the hints of its denials. */
function coverWords(scopes: readonly Compiled[]): string {
  const covered = scopes
    .map(({ name, templates }) => `${name} (${templates.map(({ text }) => text).join(", ")})`)
    .join("; ");
  return covered.length > 600 ? `${covered.slice(0, 600)}…` : covered;
}

function denialBy({ scopes, malformed }: JudgedHead, nearest: Failure | undefined): Denial {
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  if (malformed !== undefined)
    return denialOf({
      rule: `${connection}: ${malformed.rule}`,
      message: `refused: ${malformed.why}`,
      remedy: "correct",
      connection,
    });
  const { step, why, remedy, name } = nearest ?? {
    step: "requests" as const,
    ...notGranted("nothing is granted"),
    name: connection,
  };
  return denialOf({
    rule: `${name}: ${step}`,
    message: `refused: ${why}`,
    remedy,
    covers: coverWords(scopes),
    near: STEPS.indexOf(step) > 0,
    connection,
  });
}

/**
 * The verdict on a request whose body was judged by the candidates in their order, up to the first that does not refuse it.
 * @param findings what each of them made of the body
 */
function verdictBy(head: JudgedHead, act: HttpAct, findings: readonly Finding[]): Verdict<HttpCover> {
  let { nearest } = head;
  // RFC 9110, section 7.8: nobody could tell a body from the first bytes of the new protocol.
  const isAmbiguous = act.upgrade !== undefined && act.body.kind !== "none";
  for (const [at, finding] of findings.entries()) {
    const { scope, template, headers } = head.candidates[at] as Candidate;
    const { name, budget } = scope;
    if (isAmbiguous) {
      const amiss = wrong("a WebSocket's handshake has no body");
      nearest = nearer(nearest, { step: "websocket", name, ...amiss });
    } else if (finding === undefined)
      return {
        kind: "permit",
        operation: name,
        cover: { scope, template, request: head.request, headers },
        ...(budget === undefined ? {} : { budget }),
      };
    else nearest = nearer(nearest, { step: "body", name, ...finding });
  }
  return { kind: "deny", denial: denialBy(head, nearest) };
}

/** Judges the body on this thread, by the candidates in their order. */
function findingsOf({ candidates }: JudgedHead, act: HttpAct): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { scope } of candidates) {
    const finding = judgeBody(act, scope.body);
    findings.push(finding);
    if (finding === undefined) break;
  }
  return findings;
}

/** Whether a request is covered, by which scope, and what its denial says: pure. */
export function verdictOf(scopes: readonly Compiled[], act: HttpAct): Verdict<HttpCover> {
  if (act.prepared?.scopes === scopes) return act.prepared.verdict;
  const head = judgeHead(scopes, act);
  return verdictBy(head, act, findingsOf(head, act));
}

/**
 * The act with its verdict, by the scopes of its session, so that the gate finds it there.
 * @param findings what the candidates' rules made of the body, where they were asked elsewhere
 */
export function prepare(
  head: JudgedHead,
  act: HttpAct,
  findings: readonly Finding[] = findingsOf(head, act),
): HttpAct & { readonly prepared: Prepared } {
  return { ...act, prepared: new PreparedVerdict(head.scopes, verdictBy(head, act, findings)) };
}
