// Takes a CPU profile of another process through Node's inspector, while a load runs: what a start costs is not in it.
import type { Allocations, Profile } from "./summary.ts";

/** Between two looks at what runs, microseconds. */
const SAMPLING_US = 200;

/** Between two samples of what is allocated, bytes. */
const SAMPLING_BYTES = 4096;

interface Reply {
  readonly id?: number;
  readonly result?: { readonly profile?: Profile & { readonly head?: Allocations } };
  readonly error?: { readonly message: string };
}

/** Calls methods of the inspector, one answer each. */
async function attach(url: string): Promise<{
  call(method: string, params?: object): Promise<Reply["result"]>;
  close(): void;
}> {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error(`no inspector at ${url}`)), { once: true });
  });
  const waiting = new Map<number, PromiseWithResolvers<Reply["result"]>>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as Reply;
    const call = waiting.get(id ?? -1);
    waiting.delete(id ?? -1);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error.message));
  });
  socket.addEventListener("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the inspector went away"));
  });
  let calls = 0;
  return {
    call(method, params = {}) {
      const answer = Promise.withResolvers<Reply["result"]>();
      waiting.set((calls += 1), answer);
      socket.send(JSON.stringify({ id: calls, method, params }));
      return answer.promise;
    },
    close: () => socket.close(),
  };
}

/** Starts a process with its inspector on a free port of the loopback address. */
export const inspected: Readonly<Record<string, string>> = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/** The inspector's address in what such a process printed. @throws Error when it is not there */
export function inspectorUrl(lines: readonly Record<string, unknown>[]): string {
  // The newest: mayflyd starts itself again with options of V8's.
  for (const { text } of lines.toReversed()) {
    const url = /Debugger listening on (ws:\S+)/.exec(String(text))?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("the process did not say where its inspector listens");
}

/** A profile of the main thread while some work is done. */
export async function profileDuring(url: string, work: () => Promise<unknown>): Promise<Profile> {
  const inspector = await attach(url);
  try {
    await inspector.call("Profiler.enable");
    await inspector.call("Profiler.setSamplingInterval", { interval: SAMPLING_US });
    await inspector.call("Profiler.start");
    await work();
    const profile = (await inspector.call("Profiler.stop"))?.profile;
    if (profile === undefined) throw new Error("the inspector gave no profile");
    return profile;
  } finally {
    inspector.close();
  }
}

/**
 * What was allocated while some work was done and outlived the young generation: V8 frees it only when it marks the whole heap.
 */
export async function survivorsDuring(url: string, work: () => Promise<unknown>): Promise<Allocations> {
  const inspector = await attach(url);
  try {
    await inspector.call("HeapProfiler.enable");
    await inspector.call("HeapProfiler.startSampling", {
      samplingInterval: SAMPLING_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: false,
    });
    await work();
    const head = (await inspector.call("HeapProfiler.stopSampling"))?.profile?.head;
    if (head === undefined) throw new Error("the inspector gave no profile of the heap");
    return head;
  } finally {
    inspector.close();
  }
}
