import { parentPort } from "node:worker_threads";

/** One piece of work: an exported function of a module, and what it is given. */
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
  port.on("message", ({ module, name, input }: Work) => {
    import(module)
      .then((loaded: Readonly<Record<string, (input: unknown) => unknown>>) => {
        const run = loaded[name];
        if (run === undefined) throw new TypeError(`there is no ${name}`);
        say({ kind: "begun" });
        say({ kind: "done", output: run(input) });
      })
      // What it threw may quote what it was given.
      .catch(() => say({ kind: "failed" }));
  });
}
