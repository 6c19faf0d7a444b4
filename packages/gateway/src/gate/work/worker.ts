import { parentPort } from "node:worker_threads";

/** One piece of work: an exported function of a module, and its input. */
export interface Work {
  /** The module's URL. */
  readonly module: string;
  readonly name: string;
  /** Copied into the worker. */
  readonly input: unknown;
}

/** What the worker says: that the work begins, now that its module is loaded, and how it ended. */
export type Said =
  | { readonly kind: "begun" }
  | { readonly kind: "done"; readonly output: unknown }
  | { readonly kind: "failed" };

// The worker's side. Nothing runs when the main thread imports this file for its types.
const port = parentPort;
if (port !== null) {
  const say = (said: Said): void => port.postMessage(said);
  const work = async ({ module, name, input }: Work): Promise<void> => {
    try {
      const loaded = (await import(module)) as Readonly<Record<string, (input: unknown) => unknown>>;
      const run = loaded[name];
      if (run === undefined) throw new TypeError(`there is no ${name}`);
      say({ kind: "begun" });
      say({ kind: "done", output: run(input) });
    } catch {
      // Its error may quote the input.
      say({ kind: "failed" });
    }
  };
  port.on("message", (given: Work) => void work(given));
}
