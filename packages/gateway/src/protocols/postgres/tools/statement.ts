import type { Duplex } from "node:stream";
import type { Connection, Submittable } from "pg";
import { needsType, parameterText } from "./parameters.ts";
import { jsonOf, typeName } from "./values.ts";

/** A column of a result. */
export interface Column {
  readonly name: string;
  /** Of one of the database's own types its number, until its name is looked up. */
  readonly type: string;
}

/** What a statement gave. */
export interface StatementResult {
  /** What ran, for example `SELECT 5`; left out where the rows were cut. */
  readonly command?: string;
  readonly columns: readonly Column[];
  /** Numbers, booleans and JSON as themselves, everything else as PostgreSQL writes it. */
  readonly rows: readonly (readonly unknown[])[];
  /** Why rows are missing. */
  readonly cut?: "rows" | "bytes";
}

/** The messages of the extended query protocol that are answered by a statement (pg's own `Query` has the same names). */
interface Wire {
  parse(query: { readonly text: string; readonly name: string }): void;
  bind(config: {
    readonly values: readonly unknown[];
    readonly valueMapper: (value: unknown) => unknown;
  }): void;
  describe(what: { readonly type: "P" | "S"; readonly name: string }): void;
  execute(config: { readonly rows: number }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(why: string): void;
  readonly stream: Pick<Duplex, "cork" | "uncork">;
  once(
    event: "parameterDescription",
    listener: (message: { readonly dataTypeIDs: readonly number[] }) => void,
  ): void;
}

/** What a TLS record holds (RFC 8446, section 5.1), without what the messages have beside text and values. */
const MAX_ONE_RECORD_BYTES = 16_384 - 256;
/** What a Bind has beside each value: its length and its format. */
const BIND_PARAMETER_BYTES = 8;

/** Whether a statement arrives with its values in one piece; the values as JSON are as long as their texts. */
function fitsOneRecord(text: string, params: readonly unknown[]): boolean {
  const values = Buffer.byteLength(JSON.stringify(params)) + params.length * BIND_PARAMETER_BYTES;
  return Buffer.byteLength(text) + values <= MAX_ONE_RECORD_BYTES;
}

/**
 * Sends messages in one write. A Parse that arrives without its Execute is an act by itself: in two pieces each statement
 * would count as two acts, and one that is refused as two denials.
 */
function inOneWrite({ stream }: Wire, send: () => void): void {
  stream.cork();
  try {
    send();
  } finally {
    stream.uncork();
  }
}

/** One statement, of whose rows no more are kept than fit. */
export class Statement implements Submittable {
  readonly result: Promise<StatementResult>;
  readonly #text: string;
  readonly #params: readonly unknown[];
  readonly #limits: { readonly rows: number; readonly bytes: number };
  readonly #rows: unknown[][] = [];
  #columns: { readonly name: string; readonly type: string; readonly oid: number }[] = [];
  #bytes = 0;
  #cut: StatementResult["cut"];
  #command: string | undefined;
  #failed: Error | undefined;
  #isSynced = false;
  #done: (result: StatementResult) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(
    text: string,
    params: readonly unknown[],
    limits: { readonly rows: number; readonly bytes: number },
  ) {
    this.#text = text;
    this.#params = params;
    this.#limits = limits;
    this.result = new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
    });
    // Whoever waits for it hears of it; nobody else has to.
    this.result.catch(() => undefined);
  }

  /** The extended protocol takes one statement; one row more than fits says whether there are more. */
  submit(connection: Connection): void {
    const wire = connection as unknown as Wire;
    inOneWrite(wire, () => {
      wire.parse({ text: this.#text, name: "" });
      if (!this.#params.some(needsType) && fitsOneRecord(this.#text, this.#params))
        return this.#execute(wire, []);
      // How a list is written hangs on its parameter's type, which the server knows. A refused Parse has no Execute then.
      wire.once("parameterDescription", ({ dataTypeIDs }) =>
        inOneWrite(wire, () => this.#execute(wire, dataTypeIDs)),
      );
      wire.describe({ type: "S", name: "" });
      wire.flush();
    });
  }

  #execute(wire: Wire, types: readonly number[]): void {
    try {
      const values = this.#params.map((value, at) => parameterText(value, types[at]));
      wire.bind({ values, valueMapper: (value) => value });
      wire.describe({ type: "P", name: "" });
      wire.execute({ rows: this.#limits.rows + 1 });
    } catch (error) {
      this.#failed = error as Error;
      this.#fail(this.#failed);
    }
    this.#sync(wire);
  }

  #sync(wire: Wire): void {
    this.#isSynced = true;
    wire.sync();
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({
      name,
      type: typeName(dataTypeID),
      oid: dataTypeID,
    }));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    if (this.#cut !== undefined) return;
    this.#bytes += fields.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
    if (this.#rows.length >= this.#limits.rows) this.#cut = "rows";
    else if (this.#bytes > this.#limits.bytes) this.#cut = "bytes";
    else this.#rows.push(fields.map((text, at) => jsonOf(this.#columns[at]?.oid ?? 0, text)));
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#command = text;
  }

  /** After an error the server reads on at the next Sync. */
  handleError(error: Error, connection: Connection): void {
    this.#failed ??= error;
    this.#fail(this.#failed);
    if (!this.#isSynced) this.#sync(connection as unknown as Wire);
  }

  handleReadyForQuery(): void {
    if (this.#failed !== undefined) return;
    this.#done({
      ...(this.#command === undefined ? {} : { command: this.#command }),
      columns: this.#columns.map(({ name, type }) => ({ name, type })),
      rows: this.#rows,
      ...(this.#cut === undefined ? {} : { cut: this.#cut }),
    });
  }

  handlePortalSuspended(): void {
    this.#cut ??= "rows";
  }

  handleEmptyQuery(): void {
    this.#command = "";
  }

  handleCopyInResponse(connection: Connection): void {
    (connection as unknown as Wire).sendCopyFail("there is no data to copy in");
  }

  handleCopyData(): void {
    this.#failed ??= new Error("COPY is for PostgreSQL clients: select the rows instead");
    this.#fail(this.#failed);
  }
}
