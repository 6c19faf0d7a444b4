import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { readWhole } from "./body.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

it("keeps of a body that comes byte by byte its bytes, and not each chunk: one costs hundreds of bytes", async () => {
  const chunks: WeakRef<Buffer>[] = [];
  const body = new Readable({ read: () => undefined });
  let held = 0;
  const account = { hold: (bytes: number) => void (held += bytes) };
  const whole = readWhole(body, 10_000, account);
  for (let at = 0; at < 1000; at += 1) {
    const chunk = Buffer.from([at % 256]);
    chunks.push(new WeakRef(chunk));
    body.push(chunk);
    // oxlint-disable-next-line no-await-in-loop -- each is read before the next comes
    if (at % 50 === 0) await turn();
  }
  await turn();
  expect(held).toBe(2000);
  await turn();
  collect();
  expect(chunks.filter((each) => each.deref() !== undefined).length).toBeLessThan(100);
  body.push(null);
  expect(await whole).toEqual(Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256)));
});
