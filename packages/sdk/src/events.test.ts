import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MayflyError } from "./errors.ts";
import { followEvents } from "./events.ts";
import type { Outgoing, Transport } from "./transport.ts";
import type { AuditRecord } from "./types.generated.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const event = (seq: number): string => `id: ${seq}\nevent: record\ndata: {"seq":${seq}}\n\n`;

/** What one connection does: sends texts, then ends, breaks, or stays open. */
const stay = Symbol("stays open");
type Script = readonly (string | Error | typeof stay)[];

/** A gateway whose connections go as they are told. */
function gateway(...scripts: (Script | Error)[]) {
  const asked: Outgoing[] = [];
  const transport: Transport = {
    base: "https://mayfly.test",
    send: () => Promise.reject(new Error("not here")),
    stream(outgoing) {
      asked.push(outgoing);
      const script = scripts.shift();
      if (script === undefined) return Promise.reject(new MayflyError("over", "no more", { status: 404 }));
      if (script instanceof Error) return Promise.reject(script);
      return Promise.resolve(play(script, outgoing.signal));
    },
  };
  return { asked, transport };
}

async function* play(script: Script, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (const step of script) {
    if (step instanceof Error) throw step;
    if (step === stay)
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new MayflyError("unreachable", "gone")));
      });
    else yield encode(step);
  }
}

const away = new MayflyError("unreachable", "cannot reach it");
const over = { code: "over" };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Follows until the script is over, with time flying. */
async function follow(
  transport: Transport,
  more: Partial<Parameters<typeof followEvents>[2]> = {},
  onRecord?: (record: AuditRecord) => void,
) {
  const seen: number[] = [];
  const states: string[] = [];
  const resets: (number | undefined)[] = [];
  const end = followEvents(
    transport,
    (record) => {
      seen.push(record.seq);
      onRecord?.(record);
    },
    {
      signal: new AbortController().signal,
      onState: (state) => void states.push(state),
      onReset: (from) => void resets.push(from),
      ...more,
    },
  ).then(
    () => "resolved",
    (error: unknown) => error,
  );
  // Two hundred seconds are more than any script takes.
  await vi.advanceTimersByTimeAsync(200_000);
  const result = await end;
  return { result, seen, states, resets };
}

describe("following events", () => {
  it("goes on behind the last number when the connection is lost", async () => {
    const { transport, asked } = gateway(
      [event(4), event(5), away],
      away,
      ['event: reset\ndata: {"from":9}\n\n', event(9), ": still here\nid: 12\n\n"],
      [event(13)],
    );
    const { result, seen, states, resets } = await follow(transport, {
      types: ["request.*", "grant.expired"],
    });
    expect(result).toMatchObject(over);
    expect(seen).toEqual([4, 5, 9, 13]);
    expect(resets).toEqual([9]);
    expect(states).toEqual(["open", "lost", "lost", "open", "lost", "open", "lost"]);
    expect(asked.map(({ headers }) => headers?.["last-event-id"])).toEqual([undefined, "5", "5", "12", "13"]);
    expect(asked[0]?.path).toBe("/v1/events?types=request.*%2Cgrant.expired");
  });

  it("begins behind what the caller knows", async () => {
    const { transport, asked } = gateway([event(8)]);
    await follow(transport, { lastEventId: 7 });
    expect(asked[0]?.headers).toEqual({ "last-event-id": "7" });
  });

  const ended = (status: number, code: string): string =>
    `event: end\ndata: ${JSON.stringify({ type: "", title: "", status, detail: "it is over", code })}\n\n`;

  it("ends with the gateway's reason when the session has ended", async () => {
    const signedOut = new MayflyError("not_signed_in", "it is over", { status: 401 });
    const { transport, asked } = gateway([event(1), ended(401, "not_signed_in"), event(2)], signedOut);
    const { result, seen } = await follow(transport);
    expect(result).toBe(signedOut);
    expect(seen).toEqual([1]);
    expect(asked).toHaveLength(2);
  });

  it("goes on with the token that comes after one that expired", async () => {
    const { transport } = gateway([event(1), ended(401, "token_expired")], [event(2)]);
    expect((await follow(transport)).seen).toEqual([1, 2]);
  });

  it("ends at once when the role is gone", async () => {
    const { transport, asked } = gateway([ended(403, "role_required")], [event(2)]);
    expect((await follow(transport)).result).toMatchObject({ code: "role_required", message: "it is over" });
    expect(asked).toHaveLength(1);
  });

  it.each([
    [new MayflyError("too_many_streams", "too many", { status: 429 }), 2],
    [new MayflyError("stopping", "stopping", { status: 503 }), 2],
    [new MayflyError("bad_answer", "a proxy's", { status: 502 }), 2],
    [new MayflyError("token_invalid", "no", { status: 401 }), 1],
    [new MayflyError("role_required", "no", { status: 403 }), 1],
  ])("tries again only after what passes: %s", async (error, tries) => {
    const { transport, asked } = gateway(error);
    await follow(transport);
    expect(asked).toHaveLength(tries);
  });

  it("takes silence for a dead connection", async () => {
    const { transport, asked } = gateway([event(1), stay], [event(2)]);
    const { seen } = await follow(transport);
    expect(seen).toEqual([1, 2]);
    expect(asked).toHaveLength(3);
  });

  it("waits longer after each failure, and not for ever", async () => {
    const at: number[] = [];
    const failures = Array.from({ length: 12 }, () => away);
    const { transport } = gateway(...failures);
    const told: Transport = {
      ...transport,
      stream: (outgoing) => {
        at.push(Date.now());
        return transport.stream(outgoing);
      },
    };
    await follow(told);
    const waits = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(8000);
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(4000);
  });

  it("resolves when it is told to stop, while open and while waiting", async () => {
    for (const script of [[stay] as Script, away]) {
      const { transport } = gateway(script);
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 100);
      expect((await follow(transport, { signal: stop.signal })).result).toBe("resolved");
    }
  });

  it("passes on what the caller's function throws", async () => {
    const { transport, asked } = gateway([event(1), event(2)]);
    const mine = new Error("mine");
    const { result } = await follow(transport, {}, () => {
      throw mine;
    });
    expect(result).toBe(mine);
    expect(asked).toHaveLength(1);
  });
});
