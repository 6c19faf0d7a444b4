import * as fc from "fast-check";
import { expect, it } from "vitest";
import { SmallPieces } from "./small-pieces.ts";

it("gives back what was put in, as one piece that holds hardly more memory than its bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 511 }), { minLength: 1, maxLength: 60 }),
      (given) => {
        const joined = new SmallPieces();
        const out: Buffer[] = [];
        for (const each of given) {
          if (joined.add(Buffer.from(each))) continue;
          out.push(joined.take() ?? Buffer.alloc(0));
          expect(joined.add(Buffer.from(each))).toBe(true);
        }
        out.push(joined.take() ?? Buffer.alloc(0));
        expect(joined.take()).toBeUndefined();
        expect(Buffer.concat(out)).toEqual(Buffer.concat(given));
        for (const piece of out) {
          expect(piece.length).toBeLessThanOrEqual(16_384);
          expect(piece.buffer.byteLength).toBeLessThanOrEqual(2 * piece.length);
        }
      },
    ),
  );
});
