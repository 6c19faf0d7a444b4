import { type MaskPlace, type MaskStep, nothingMasked } from "../../gate/web/proxy/json-mask.ts";

/** A pointer, and how many of its parts lead here. */
interface Reached {
  readonly pointer: readonly string[];
  readonly parts: number;
}

/** What stands where these pointers lead. */
function stepTo(reached: readonly Reached[]): MaskStep {
  if (reached.length === 0) return nothingMasked;
  const whole = reached.filter(({ pointer, parts }) => parts === pointer.length);
  const further = reached.filter(({ pointer, parts }) => parts < pointer.length);
  return {
    isMasked: whole.length > 0,
    met: whole.map(({ pointer }) => `/${pointer.join("/")}`),
    place: further.length === 0 ? undefined : placeOf(further),
  };
}

/** Steps are made once for each name that a pointer says, and once for all others: never by what an answer holds. */
function placeOf(reached: readonly Reached[]): MaskPlace {
  const partOf = ({ pointer, parts }: Reached): string => pointer[parts] ?? "";
  const by = (name: string | undefined): MaskStep =>
    stepTo(
      reached
        .filter((each) => partOf(each) === "*" || partOf(each) === name)
        .map(({ pointer, parts }) => ({ pointer, parts: parts + 1 })),
    );
  const named = new Map(
    reached
      .map(partOf)
      .filter((part) => part !== "*")
      .map((part) => [part, by(part)]),
  );
  const other = by(undefined);
  if (named.size === 0) return { step: () => other };
  return { step: (name) => named.get(String(name)) ?? other };
}

/** What of a JSON answer is masked: whatever these pointers lead to, every one of members that stand twice. */
export function maskOf(pointers: readonly (readonly string[])[]): MaskStep {
  return stepTo(pointers.map((pointer) => ({ pointer, parts: 0 })));
}
