import { createMayfly, type Mayfly } from "@mayfly/sdk/browser";

let csrf = "";

/** What the session gave to prove that a change comes from this page. */
export function setCsrf(value: string): void {
  csrf = value;
}

/** The gateway that served this page. Everything rejects with MayflyError alone. */
export const mayfly: Mayfly = createMayfly({ url: globalThis.location?.origin ?? "", csrf: () => csrf });
