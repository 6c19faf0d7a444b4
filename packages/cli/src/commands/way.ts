import { UsageError } from "../exit.ts";
import { hasBrowser } from "../open-browser.ts";
import type { SignInWay } from "../sign-in.ts";

/** The flags that say how a person signs in. */
export interface WayOptions {
  readonly device?: boolean;
  readonly browser?: boolean;
  readonly fresh?: boolean;
  readonly redirectPort?: string;
}

/** How a person signs in: with a browser where there is one, else by a code. @throws UsageError */
export function wayOf(options: WayOptions): SignInWay {
  const isHere = options.browser === true || hasBrowser(process.env, process.platform);
  // A fresh proof, or a port to come back to, is for a browser alone.
  const wantsBrowser = isHere || options.fresh === true || options.redirectPort !== undefined;
  if (options.device === true || !wantsBrowser) return { kind: "device" };
  const port = options.redirectPort ?? "0";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new UsageError(`'${port}' is no port`, "give a number up to 65535, or leave it out");
  return { kind: "browser", port: Number(port), fresh: options.fresh === true };
}
