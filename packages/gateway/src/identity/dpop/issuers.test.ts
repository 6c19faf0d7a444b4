import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { type Consumed, createDpop, type Dpop, type NoncedProof } from "./dpop.ts";
import type { PresentedToken } from "./presented-token.ts";
import { proofKey, proofText, signProof } from "./testing/proofs.ts";

const url = "https://mayfly.test:8443";
const token = "eyJ.token.of-an-agent";
const key = proofKey();
const clock = fakeClock();
const bound = {
  digest: createHash("sha256").update(token).digest("hex"),
  thumbprint: key.thumbprint,
  principal: "bot",
};

/** Two processes behind one port. @param answer what the one asks the other goes through */
function pair(answer: (proof: NoncedProof, judge: Dpop) => Promise<Consumed>): { one: Dpop; two: Dpop } {
  const made: Dpop[] = [];
  for (const own of [1, 2])
    made.push(
      createDpop({
        clock,
        url,
        isShared: true,
        issuers: {
          mark: `${own}.`,
          isOther: (nonce) => nonce.startsWith(`${3 - own}.`),
          consume: (proof) => answer(proof, made[2 - own] as Dpop),
        },
      }),
    );
  return { one: made[0] as Dpop, two: made[1] as Dpop };
}
const asks = pair((proof, judge) => Promise.resolve(judge.consume(proof)));

const target = { method: "GET", url: `${url}/v1/me`, token };
function proofWith(nonce: string | undefined): string {
  const { header, claims } = proofText(key, target, clock.wall());
  return signProof({ header, claims: { ...claims, ...(nonce === undefined ? {} : { nonce }) } }, key);
}
const shown = (proof: string): PresentedToken => ({
  scheme: "dpop",
  method: "GET",
  target: "/v1/me",
  proofs: [proof],
});
const nonceOf = (dpop: Dpop): string => dpop.nonceFor(shown("")) ?? "";

/** Shows a proof as identity does. @returns the code of the refusal, or `good` */
async function show(dpop: Dpop, request: PresentedToken): Promise<string> {
  try {
    await dpop.askIssuer(bound, request);
    dpop.check(bound, request);
    return "good";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("a proof with the nonce of the other process is good, once, wherever it is shown", async () => {
  const { one, two } = asks;
  const proof = proofWith(nonceOf(one));
  expect(await show(two, shown(proof))).toBe("good");
  expect(await show(two, shown(proof))).toBe("proof_invalid");
  expect(await show(one, shown(proof))).toBe("proof_invalid");
  const other = proofWith(nonceOf(one));
  expect(await show(one, shown(other))).toBe("good");
  expect(await show(two, shown(other))).toBe("proof_invalid");
});

test("a request is judged once, however often its token is looked at", async () => {
  const { one, two } = asks;
  const request = shown(proofWith(nonceOf(one)));
  expect(await Promise.all([show(two, request), show(two, request)])).toEqual(["good", "good"]);
  expect(await show(two, request)).toBe("good");
});

test("whoever forgets to ask lets nobody in", () => {
  const request = shown(proofWith(nonceOf(asks.one)));
  expect(() => asks.two.check(bound, request)).toThrow(/needs this gateway's nonce/);
});

test("without an answer, and with a nonce that nobody issued, a new proof is asked for", async () => {
  const silent = pair(() => Promise.resolve("stale"));
  expect(await show(silent.two, shown(proofWith(nonceOf(silent.one))))).toBe("proof_nonce");
  for (const nonce of [undefined, "made-up", "1.made-up", "2.made-up"])
    expect(await show(asks.two, shown(proofWith(nonce)))).toBe("proof_nonce");
});

test("a proof that is wrong is not brought to the other process", async () => {
  let brought = 0;
  const { one, two } = pair((proof, judge) => {
    brought += 1;
    return Promise.resolve(judge.consume(proof));
  });
  const request = { ...shown(proofWith(nonceOf(one))), method: "POST" };
  expect(await show(two, request)).toBe("proof_invalid");
  expect(brought).toBe(0);
});

test("no more proofs than can be remembered, also for the other process", async () => {
  const full = pair(() => Promise.resolve("full"));
  expect(await show(full.two, shown(proofWith(nonceOf(full.one))))).toBe("proofs_too_many");
});
