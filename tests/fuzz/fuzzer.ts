/** Something that is tried at random for as long as one likes. */
export interface Fuzzer {
  /** How many tries a run has when nothing else is said. */
  readonly count: number;
  /** What is counted. */
  readonly counted: string;
  /** @returns whether everything held */
  run(options: FuzzOptions): Promise<boolean>;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Whether so many tries, or the time since the start, are enough. */
  readonly isEnough: (tries: number) => boolean;
  readonly print: (line: string) => void;
}
