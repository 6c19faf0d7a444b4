import { MayflyError, type ProbedHost } from "@mayfly/sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { errorText } from "../exit.ts";
import { handOver } from "./hand-over.ts";

const away = new MayflyError("unreachable", "cannot reach it");
const busy = new MayflyError("store_unavailable", "the store does not answer now", { status: 503 });
const refused = new MayflyError("probe_report_refused", "it was reported before", { status: 409 });
const host = { probe: "pr_0000000000000000" } as ProbedHost;

const LOST = "mayfly: an answer was lost: mayfly probes says whether this was reported\n";
const SPENT = "mayfly: this was not reported, and its token is spent: have an operator make a new one\n";

let said: string;
let printed: string;
beforeEach(() => {
  [said, printed] = ["", ""];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true));
});
afterEach(() => void vi.restoreAllMocks());

/** Hands over to a gateway that does these, one a try, and the last of them from then on. */
async function handedOver(
  within: number,
  ...does: readonly (MayflyError | ProbedHost)[]
): Promise<readonly [unknown, tries: number]> {
  let tries = 0;
  const send = async (): Promise<ProbedHost> => {
    const next = does[Math.min(tries++, does.length - 1)];
    if (next instanceof MayflyError) throw next;
    return next ?? host;
  };
  const end: unknown = await handOver(send, { ways: [] }, { within, again: 1 }).catch(
    (error: unknown) => error,
  );
  return [end, tries];
}

test("a gateway that comes back in time gets the report, and nothing is said", async () => {
  expect(await handedOver(60_000, away, away, host)).toEqual([host, 3]);
  expect([said, printed]).toEqual(["", ""]);
});

test("one that stays away may have it: an answer that is lost says nothing", async () => {
  const [end] = await handedOver(0, away);
  expect(end).toBe(away);
  expect([said, JSON.parse(printed)]).toEqual([LOST, { ways: [] }]);
});

test("one that says each time that it cannot take it now does not have it: its token is spent", async () => {
  const [end] = await handedOver(0, busy);
  expect(end).toBe(busy);
  expect([said, JSON.parse(printed)]).toEqual([SPENT, { ways: [] }]);
});

test("one that refuses the second try may have it from the first", async () => {
  expect(await handedOver(60_000, away, refused)).toEqual([refused, 2]);
  expect([said, JSON.parse(printed)]).toEqual([LOST, { ways: [] }]);
});

test("one that refuses at once does not have it", async () => {
  expect(await handedOver(60_000, refused)).toEqual([refused, 1]);
  expect([said, JSON.parse(printed)]).toEqual([SPENT, { ways: [] }]);
});

test("one that is newer, and takes no unsigned report, has the user told what to do, once", async () => {
  const unsigned = new MayflyError(
    "probe_report_unsigned",
    "your access token is bound to a key, and the report is not signed with it",
    {
      status: 403,
      hint: "update the mayfly command on this host to the gateway's version, and probe again with a new probe token",
    },
  );
  const [end, tries] = await handedOver(60_000, unsigned);
  expect([tries, JSON.parse(printed)]).toEqual([1, { ways: [] }]);
  expect(said + errorText(end)).toBe(
    `${SPENT}mayfly: your access token is bound to a key, and the report is not signed with it
hint: update the mayfly command on this host to the gateway's version, and probe again with a new probe token`,
  );
});
