/**
 * Places in several logs, by each log's number in the store: below which record a search goes on, or at which one events
 * do. One log's clock says nothing about another's, so that no one number or time can stand for all.
 */
export type Places = ReadonlyMap<number, number>;

/** As they stand in a cursor: `1.4711,3.22`. */
export const placesPattern = /^\d{1,9}\.\d{1,15}(?:,\d{1,9}\.\d{1,15})*$/;

/** A cursor has room for this many logs and more: an address may have 8,000 characters. */
export const MAX_PLACES_LENGTH = 6000;

/** The text of a cursor. */
export function writePlaces(places: Places): string {
  return Array.from(places, ([log, at]) => `${log}.${at}`).join(",");
}

/** Reads the text of a cursor, which `placesPattern` matches. */
export function readPlaces(text: string): Places {
  return new Map(
    text.split(",").map((part): [number, number] => {
      const [log = "", at = ""] = part.split(".");
      return [Number(log), Number(at)];
    }),
  );
}
