import { expect, test } from "vitest";
import { filesFrom, heldFrom } from "./held-from.ts";

const files = [
  { first: 100, bytes: 10 },
  { first: 200, bytes: 10 },
  { first: 300, bytes: 5 },
];

test.each([
  ["all of it fits", 150, files, 25, { from: 150, givenUp: 0 }],
  ["the oldest file is too much", 150, files, 24, { from: 200, givenUp: 50 }],
  ["only the file that is written to fits", 150, files, 5, { from: 300, givenUp: 150 }],
  ["the file that is written to stays whatever it has", 150, files, 1, { from: 300, givenUp: 150 }],
  ["nothing is behind", 310, files.slice(2), 5, { from: 310, givenUp: 0 }],
  ["there are no files", 0, [], 5, { from: 0, givenUp: 0 }],
])("%s", (_, next, behind, holdBack, held) => {
  expect(heldFrom(next, behind, holdBack)).toEqual(held);
});

test.each([
  [0, [100, 200, 300]],
  [199, [100, 200, 300]],
  [200, [200, 300]],
  [999, [300]],
])("record %i and later ones are in files", (seq, firsts) => {
  expect(filesFrom(files, seq).map(({ first }) => first)).toEqual(firsts);
});
