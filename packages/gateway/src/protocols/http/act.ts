import type { Amiss } from "../../gate/hints.ts";
import type { CompiledBody } from "./compile.ts";

/** One request, as it is judged: what goes upstream, to the byte. */
export interface HttpAct {
  readonly method: string;
  /** What follows the connection in the request's target: path and query, as they came. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  readonly body: HttpBody;
  /** A protocol that the client asks to change to, in lower case. */
  readonly upgrade?: string;
}

/** A request's body: none, read whole, or still on its way (its length, where it is declared). */
export type HttpBody =
  | { readonly kind: "none" }
  | {
      readonly kind: "read";
      readonly bytes: Buffer;
      /** What was found of it beforehand, by each rule that may decide: why it is refused, or undefined. */
      readonly found?: ReadonlyMap<CompiledBody, Amiss | undefined>;
      /** The most that judging it by any one rule may cost here, where no rule that decides costs more; left out: anything. */
      readonly mostCost?: number;
    }
  | { readonly kind: "stream"; readonly length: number | undefined };
