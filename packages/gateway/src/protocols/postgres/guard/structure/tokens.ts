/** One token of a text, as PostgreSQL's scanner gives it: places are bytes of its UTF-8 form. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokenType: number;
  readonly keywordKind: number;
}

const COMMENTS: ReadonlySet<number> = new Set([275, 276]);
const IDENTIFIER = 258;
const RESERVED = 4;

/** The tokens of a text, comments left out, with where things begin and end. All of it is a proposal: what is made of it is parsed again. */
export class Tokens {
  readonly #all: readonly Token[];
  readonly #at: ReadonlyMap<number, number>;

  constructor(all: readonly Token[]) {
    this.#all = all.filter(({ tokenType }) => !COMMENTS.has(tokenType));
    this.#at = new Map(this.#all.map(({ start }, index) => [start, index]));
  }

  /** Where a name with dots ends that begins there; undefined: no token does. */
  nameEnd(start: number): number | undefined {
    const last = this.#nameEnd(this.#at.get(start));
    return last === undefined ? undefined : this.#all[last]?.end;
  }

  /** Where the second of a name's parts begins; undefined: it has one alone. */
  secondName(start: number): number | undefined {
    const index = this.#at.get(start);
    if (index === undefined || this.#text(index + 1) !== ".") return undefined;
    return this.#all[index + 2]?.start;
  }

  /** The arguments of a call whose name begins there, each from its first byte to behind its last. */
  argumentsOf(start: number): readonly { readonly start: number; readonly end: number }[] {
    const name = this.#nameEnd(this.#at.get(start));
    if (name === undefined || this.#text(name + 1) !== "(") return [];
    const found: { start: number; end: number }[] = [];
    let depth = 0;
    let from = name + 2;
    for (let index = name + 1; index < this.#all.length; index += 1) {
      const text = this.#text(index);
      if (text === "(" || text === "[") depth += 1;
      else if (text === ")" || text === "]") depth -= 1;
      const isEnd = depth === 0;
      if ((isEnd || (depth === 1 && text === ",")) && index > from) {
        const [one, last] = [this.#all[from], this.#all[index - 1]];
        if (one !== undefined && last !== undefined) found.push({ start: one.start, end: last.end });
        from = index + 1;
      }
      if (isEnd) break;
    }
    return found;
  }

  /** A call whose name begins there, from its first byte to behind its last; undefined: more stands behind its arguments. */
  call(start: number): { readonly start: number; readonly end: number } | undefined {
    const name = this.#nameEnd(this.#at.get(start));
    if (name === undefined || this.#text(name + 1) !== "(") return undefined;
    let depth = 0;
    for (let index = name + 1; index < this.#all.length; index += 1) {
      const text = this.#text(index);
      if (text === "(") depth += 1;
      else if (text === ")") depth -= 1;
      if (depth === 0) return { start, end: this.#all[index]?.end ?? start };
    }
    return undefined;
  }

  /** What a cast casts: `x::type`, the place being that of `::`; or `CAST(x AS type)`, that of CAST. */
  castOperand(place: number): { readonly start: number; readonly end: number } | undefined {
    const index = this.#at.get(place);
    if (index === undefined) return undefined;
    if (this.#text(index) === "::") {
      const before = this.#all[index - 1];
      const first = this.#all[this.#operandStart(index - 1)];
      return before === undefined || first === undefined
        ? undefined
        : { start: first.start, end: before.end };
    }
    let depth = 0;
    for (let at = index + 1; at < this.#all.length; at += 1) {
      const text = this.#text(at);
      if (text === "(") depth += 1;
      else if (text === ")") depth -= 1;
      if (depth === 0) return undefined;
      if (depth === 1 && text === "as") {
        const [first, last] = [this.#all[index + 2], this.#all[at - 1]];
        return first === undefined || last === undefined ? undefined : { start: first.start, end: last.end };
      }
    }
    return undefined;
  }

  /** Where a cast ends whose type's name begins there. */
  castEnd(place: number, type: number): number | undefined {
    const name = this.#nameEnd(this.#at.get(type));
    const index = this.#at.get(place);
    if (name === undefined || index === undefined) return undefined;
    return this.#all[this.#text(index) === "::" ? name : name + 1]?.end;
  }

  #text(index: number): string {
    return this.#all[index]?.text.toLowerCase() ?? "";
  }

  #nameEnd(from: number | undefined): number | undefined {
    if (from === undefined) return undefined;
    let last = from;
    while (this.#text(last + 1) === "." && this.#all[last + 2] !== undefined) last += 2;
    return last;
  }

  #isName(index: number): boolean {
    const token = this.#all[index];
    if (token === undefined) return false;
    return token.tokenType === IDENTIFIER || (token.keywordKind > 0 && token.keywordKind !== RESERVED);
  }

  /** The index of the first token of what a `::` behind `last` binds to. */
  #operandStart(last: number): number {
    let at = last;
    const text = this.#text(at);
    if (text === ")" || text === "]") {
      at = this.#open(at);
      if (text === "]") return this.#text(at - 1) === "array" ? at - 1 : this.#operandStart(at - 1);
      const before = this.#text(at - 1);
      if (this.#isName(at - 1) || before === "array" || before === "cast") at -= 1;
    } else if (text === "end") at = this.#case(at);
    while (this.#text(at - 1) === "." && at >= 2) at -= 2;
    return this.#text(at - 1) === "::" ? this.#operandStart(at - 2) : at;
  }

  #open(close: number): number {
    let depth = 0;
    for (let at = close; at >= 0; at -= 1) {
      const text = this.#text(at);
      if (text === ")" || text === "]") depth += 1;
      else if (text === "(" || text === "[") depth -= 1;
      if (depth === 0) return at;
    }
    return close;
  }

  #case(end: number): number {
    let depth = 0;
    for (let at = end; at >= 0; at -= 1) {
      if (this.#text(at) === "end") depth += 1;
      else if (this.#text(at) === "case") depth -= 1;
      if (depth === 0) return at;
    }
    return end;
  }
}
