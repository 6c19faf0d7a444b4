import { NoEd25519 } from "@mayfly/audit-verifier/browser";
import { badKey } from "./bad-key.ts";
import { check, growth, type Checked, type Grown, type ProofEntry, type ProofsAnswer } from "./prove.ts";
import type { KeptHead } from "./extension.ts";
import { readNoted, writeNoted, type Noted, type Store } from "./noted.ts";
import { keyDiffers, verdictOf, type Findings } from "./verdict.ts";

/** How many records are proven at a time. */
export const page = 50;
/** How often two answers are asked for in the hope that they are of one checkpoint. */
const tries = 3;

/** Asks the gateway for proofs. */
export type AskProofs = (asked: {
  readonly before?: number;
  readonly limit: number;
}) => Promise<ProofsAnswer>;

/** What a look found; `remembered` is false where the browser refused to keep what was to be kept. */
export interface Look extends Findings {
  readonly remembered: boolean;
}

/**
 * Looks at the log: the newest records and the checkpoint are checked against the noted key, and the log against the
 * head that was last seen. On first use the gateway's key is noted. The head seen now is remembered only when
 * nothing is wrong, so that an alarm stays until somebody deals with it.
 * @param now RFC 3339
 * @throws MayflyError of the gateway, or bad_key; NoEd25519
 */
export async function look(ask: AskProofs, store: Store, now: string): Promise<Look> {
  const noted = readNoted(store);
  const { answer, last } = await answers(ask, noted?.head);
  const checked = await checkWith(answer, noted?.key);
  const grown =
    checked.state === "checked" && noted?.head !== undefined
      ? await growth(noted.head, checked.head, last)
      : undefined;
  const findings: Findings = { checked, noted, gatewayKey: answer.key, grown };
  if (checked.state === "unsigned" || keyDiffers(findings) || verdictOf(findings).state === "alarm")
    return { ...findings, remembered: true };
  const { size, root } = checked.head;
  // Growth that could not be proven now is proven next time, against the head that is remembered still.
  const head = grown?.state === "unproven" ? noted?.head : { size, root, at: now };
  const remembered = writeNoted(store, {
    ...(noted === undefined ? { key: answer.key, from: "first use", at: now } : followedTo(noted, checked)),
    ...(head === undefined ? {} : { head }),
  });
  return { ...findings, remembered };
}

/** The key that the noted one signed for counts from now on: what the old one signs later is not believed. */
function followedTo(noted: Noted, { key, followed }: Extract<Checked, { state: "checked" }>): Noted {
  return followed.length === 0
    ? noted
    : { ...noted, key, earlier: [...(noted.earlier ?? []), ...followed].slice(-MAX_EARLIER_KEYS) };
}

/** Keys that are remembered beside the newest. */
const MAX_EARLIER_KEYS = 100;

/** Checks with the noted key, else with the gateway's own. @throws MayflyError bad_key; NoEd25519 */
async function checkWith(answer: ProofsAnswer, noted: string | undefined): Promise<Checked> {
  try {
    return await check(answer, noted ?? answer.key, { limit: page });
  } catch (error) {
    if (error instanceof NoEd25519) throw error;
    throw badKey(
      noted === undefined ? "the key that the gateway gives" : "the key noted in this browser",
      error,
    );
  }
}

/** The newest proofs, and that of a kept head's last record, by the same checkpoint where that can be had. */
async function answers(
  ask: AskProofs,
  kept: KeptHead | undefined,
): Promise<{ readonly answer: ProofsAnswer; readonly last: ProofEntry | undefined }> {
  let answer = await ask({ limit: page });
  if (kept === undefined || kept.size === 0) return { answer, last: undefined };
  for (let attempt = 1; attempt <= tries; attempt++) {
    const near = answer.entries.find(({ seq }) => seq === kept.size - 1);
    if (near !== undefined) return { answer, last: near };
    const far = await ask({ before: kept.size, limit: 1 });
    if (far.checkpoint === answer.checkpoint) return { answer, last: far.entries[0] };
    // A checkpoint was signed in between.
    answer = await ask({ limit: page });
  }
  return { answer, last: undefined };
}

/**
 * Compares the log of now with a checkpoint that somebody kept outside.
 * @param kept its size and root, its signature verified
 * @param key the key that counts
 * @throws Error when the log itself does not verify
 */
export async function compareWith(ask: AskProofs, kept: KeptHead, key: string): Promise<Grown> {
  const { answer, last } = await answers(ask, kept);
  const checked = await check(answer, key, { limit: page });
  if (checked.state === "unsigned") throw new Error(checked.why);
  return growth(kept, checked.head, last);
}
