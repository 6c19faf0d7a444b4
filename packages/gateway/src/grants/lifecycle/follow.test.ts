import { describe, expect, it } from "vitest";
import { createMutex } from "../durability/mutex.ts";
import { settle } from "../testing/harness.ts";
import { createFollower, type Follower } from "./follow.ts";

/** A follower whose reads are written down, and wait until they are let go on. */
function scene(): {
  readonly follower: Follower;
  readonly reads: string[];
  /** Lets the read under way end. */
  finish(error?: Error): Promise<void>;
} {
  const reads: string[] = [];
  let going: PromiseWithResolvers<void> | undefined;
  const read =
    (what: string) =>
    (id = ""): Promise<void> => {
      reads.push(`${what}${id}`);
      going = Promise.withResolvers();
      return going.promise;
    };
  const follower = createFollower(
    { mutex: createMutex() },
    {
      all: () => read("all")(),
      grant: read("grant "),
      request: read("request "),
      lockdown: () => read("lockdown")(),
    },
  );
  return {
    follower,
    reads,
    async finish(error) {
      await settle();
      if (error === undefined) going?.resolve();
      else going?.reject(error);
      await settle();
    },
  };
}

describe("changes that other gateways make", () => {
  it("are read one after the other, in their order, each once", async () => {
    const { follower, reads, finish } = scene();
    follower.told({ kind: "grant", id: "gr_1" });
    await settle();
    follower.told({ kind: "request", id: "req_1" });
    follower.told({ kind: "lockdown" });
    follower.told({ kind: "request", id: "req_1" });
    await settle();
    expect(reads).toEqual(["grant gr_1"]);
    await finish();
    await finish();
    await finish();
    expect(reads).toEqual(["grant gr_1", "request req_1", "lockdown"]);
  });

  it("are read again when they come while they are read", async () => {
    const { follower, reads, finish } = scene();
    follower.told({ kind: "grant", id: "gr_1" });
    await settle();
    follower.told({ kind: "grant", id: "gr_1" });
    await finish();
    await finish();
    expect(reads).toEqual(["grant gr_1", "grant gr_1"]);
  });

  it("are never read beside a look at everything", async () => {
    const { follower, reads, finish } = scene();
    const all = follower.readAll();
    await settle();
    follower.told({ kind: "grant", id: "gr_1" });
    await settle();
    expect(reads).toEqual(["all"]);
    await finish();
    await all;
    await finish();
    expect(reads).toEqual(["all", "grant gr_1"]);
  });

  it("become one look at everything when too many wait, or when nobody knows what they are", async () => {
    const { follower, reads, finish } = scene();
    follower.told({ kind: "lockdown" });
    await settle();
    for (let at = 0; at < 5000; at += 1) follower.told({ kind: "grant", id: `gr_${at}` });
    await finish();
    await finish();
    expect(reads).toEqual(["lockdown", "all"]);
    follower.told({ kind: "lockdown" });
    await settle();
    follower.told({ kind: "grant", id: "gr_1" });
    follower.told({ kind: "all" });
    follower.told({ kind: "grant", id: "gr_2" });
    await finish();
    await finish();
    expect(reads.slice(2)).toEqual(["lockdown", "all"]);
  });

  it("are left to the next look at everything while the store is away, and read again after it", async () => {
    const { follower, reads, finish } = scene();
    follower.told({ kind: "grant", id: "gr_1" });
    follower.told({ kind: "grant", id: "gr_2" });
    await finish(new Error("the store is away"));
    expect(reads).toEqual(["grant gr_1"]);
    follower.told({ kind: "grant", id: "gr_3" });
    await finish();
    expect(reads).toEqual(["grant gr_1", "grant gr_3"]);
  });

  it("are not read after the end", async () => {
    const { follower, reads, finish } = scene();
    follower.told({ kind: "grant", id: "gr_1" });
    follower.told({ kind: "grant", id: "gr_2" });
    await settle();
    follower.stop();
    await finish();
    follower.told({ kind: "grant", id: "gr_3" });
    await settle();
    expect(reads).toEqual(["grant gr_1"]);
  });
});
