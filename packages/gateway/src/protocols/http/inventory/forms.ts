/** What a value looks like, and the RE2 pattern that takes such values and no others. */
export interface Form {
  readonly name: string;
  readonly pattern: string;
  /** The same with any prefix. */
  readonly general?: Form;
}

const form = (name: string, pattern: string): readonly [Form, RegExp] => [
  { name, pattern },
  new RegExp(`^(?:${pattern})$`, "u"),
];

/** Forms by themselves, with no blank in them: they stand in templates; the first that fits counts. */
const forms: readonly (readonly [Form, RegExp])[] = [
  form("number", "[0-9]+"),
  form("uuid", "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
  form("date", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
  form("month", "[0-9]{4}-[0-9]{2}"),
  form(
    "time",
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[T\\s][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?(?:Z|[+\\s-][0-9]{2}:?[0-9]{2})?",
  ),
  form("ulid", "[0-7][0-9A-HJKMNP-TV-Z]{25}"),
  form("version", "v?[0-9]+(?:[.][0-9]+){2,3}"),
  form("decimal", "-?[0-9]+(?:[.][0-9]+)?"),
  form("list", "-?[0-9]+(?:[.][0-9]+)?(?:,-?[0-9]+(?:[.][0-9]+)?)+"),
  form("email", "[^@/\\s]+@[A-Za-z0-9.-]+"),
];

/** A prefix that says what an id is of, as it stands in its pattern: `cus_4fG9aZ81kQ`, `ORD-20417`. */
const prefixed = /^(?:(?<word>[A-Za-z]{1,12}_)[A-Za-z0-9]{8,64}|(?<code>[A-Z]{1,8}-)[0-9]+)$/u;
/** What makes an id of letters and digits no plain word: one sign of it is no small letter. */
const ID = "[A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*";
const hexadecimal = /^[0-9a-f]{16,128}$/u;
/** What programs make up: letters and digits in no order. */
const random = /^[A-Za-z0-9_-]{16,128}$/u;

/** What may stand before a value or behind it: `orders-2026-12-02`, `42.json`, `42:merge`. */
const named = /^(?<before>[a-z]{1,32}[-_])?(?<value>.+?)(?<after>[.:][A-Za-z][A-Za-z0-9]{1,15})?$/u;

/** The form of a value; undefined: it is a word, or like nothing that is known. */
export function formOf(value: string): Form | undefined {
  // Every form has one of these.
  if (!/[\d@]/u.test(value)) return undefined;
  const plain = plainForm(value);
  if (plain !== undefined) return plain;
  const { before = "", value: inner = "", after = "" } = named.exec(value)?.groups ?? {};
  if (before === "" && after === "") return undefined;
  const form = plainForm(inner);
  // What is called by a word with a number behind it may be a name: `model-2`.
  if (form === undefined || (before !== "" && !["date", "month", "uuid", "ulid"].includes(form.name)))
    return undefined;
  const end = after.replace(".", "[.]");
  const general = {
    name: `named ${form.name}`,
    pattern: `(?:[a-z]{1,32}[-_])?${form.pattern}(?:[.:][A-Za-z][A-Za-z0-9]{1,15})?`,
  };
  return { name: `${before}${form.name}${after}`, pattern: `${before}${form.pattern}${end}`, general };
}

function plainForm(value: string): Form | undefined {
  const found = forms.find(([, pattern]) => pattern.test(value));
  if (found !== undefined) return found[0];
  const { word, code } = prefixed.exec(value)?.groups ?? {};
  if (code !== undefined)
    return {
      name: `${code}number`,
      pattern: `${code}[0-9]+`,
      general: { name: "code", pattern: "[A-Z]{1,8}-[0-9]+" },
    };
  if (word !== undefined) {
    const general = { name: "prefixed id", pattern: `[A-Za-z]{1,12}_${ID}` };
    return { name: `${word}id`, pattern: `${word}${ID}`, general };
  }
  if (hexadecimal.test(value)) return { name: "hex", pattern: "[0-9a-f]{16,128}" };
  if (random.test(value) && isMixed(value))
    return { name: "id", pattern: "[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*" };
  return undefined;
}

/** Whether letters and digits change places more often than in words with a number behind them. */
const isMixed = (value: string): boolean => (value.match(/[A-Za-z][0-9]|[0-9][A-Za-z]/gu) ?? []).length >= 3;
