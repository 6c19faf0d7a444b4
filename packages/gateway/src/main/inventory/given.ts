import { type OpenedSource, openSource } from "./open.ts";
import { isOwnLog } from "./own-records.ts";

/** A source that was named, which may be open already: standard input and pipes can be read once. */
export interface GivenSource {
  readonly path: string;
  readonly opened?: OpenedSource;
}

/** How a source begins. */
export interface Begun {
  readonly path: string;
  readonly beginning: string;
}

/** Sources and how the first begins that holds something; undefined: none does. */
export interface Given {
  readonly sources: readonly GivenSource[];
  readonly begun: Begun | undefined;
}

/** Sources that nobody has looked at. */
export const unopened = (paths: readonly string[]): Given => ({
  sources: paths.map((path) => ({ path })),
  begun: undefined,
});

/**
 * Opens sources until one of them holds something. Folders of Mayfly's own log are passed over.
 * @throws MayflyError when one cannot be opened; none is left open then
 */
export async function openUntilBegun(paths: readonly string[]): Promise<Given> {
  const sources: GivenSource[] = [];
  let begun: Begun | undefined;
  try {
    for (const path of paths) {
      if (begun !== undefined || (path !== "-" && isOwnLog(path))) {
        sources.push({ path });
        continue;
      }
      const opened = await openSource(path);
      sources.push({ path, opened });
      if (opened.beginning !== "") begun = { path, beginning: opened.beginning };
    }
  } catch (error) {
    await closeAll(sources);
    throw error;
  }
  return { sources, begun };
}

/** Lets sources go that are open still. */
export async function closeAll(sources: readonly GivenSource[]): Promise<void> {
  for (const { opened } of sources) await opened?.close();
}
