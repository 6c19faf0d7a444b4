// Pieces of work for the tests of workers.

export const twice = (value: number): number => value * 2;

export function fail(): never {
  throw new Error("quotes what it was given");
}

export function forever(): never {
  for (;;);
}

export function hoard(): number {
  const all: unknown[] = [];
  for (;;) all.push(Array.from({ length: 1000 }, () => ({})));
}
