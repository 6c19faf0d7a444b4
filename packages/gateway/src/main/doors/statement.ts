import type { Connection, Submittable } from "pg";
import type { SqlResult } from "../../api/mcp/doors.ts";
import { jsonOf, typeName } from "./values.ts";

/** The messages of the extended query protocol that are answered by a statement (pg's own `Query` has the same names). */
interface Wire {
  parse(query: { readonly text: string; readonly name: string }): void;
  bind(config: {
    readonly values: readonly unknown[];
    readonly valueMapper: (value: unknown) => unknown;
  }): void;
  describe(what: { readonly type: "P"; readonly name: string }): void;
  execute(config: { readonly rows: number }): void;
  sync(): void;
  sendCopyFail(why: string): void;
}

/** A parameter as PostgreSQL reads it in text form. */
function parameterOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** One statement, of whose rows no more are kept than fit. */
export class Statement implements Submittable {
  readonly result: Promise<SqlResult>;
  readonly #text: string;
  readonly #params: readonly unknown[];
  readonly #most: { readonly rows: number; readonly bytes: number };
  readonly #rows: unknown[][] = [];
  #columns: { readonly name: string; readonly type: string; readonly oid: number }[] = [];
  #bytes = 0;
  #cut: SqlResult["cut"];
  #command: string | undefined;
  #failed: Error | undefined;
  #done: (result: SqlResult) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(
    text: string,
    params: readonly unknown[],
    most: { readonly rows: number; readonly bytes: number },
  ) {
    this.#text = text;
    this.#params = params;
    this.#most = most;
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
    wire.parse({ text: this.#text, name: "" });
    wire.bind({ values: this.#params, valueMapper: parameterOf });
    wire.describe({ type: "P", name: "" });
    wire.execute({ rows: this.#most.rows + 1 });
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
    if (this.#rows.length >= this.#most.rows) this.#cut = "rows";
    else if (this.#bytes > this.#most.bytes) this.#cut = "bytes";
    else this.#rows.push(fields.map((text, at) => jsonOf(this.#columns[at]?.oid ?? 0, text)));
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#command = text;
  }

  handleError(error: Error): void {
    this.#failed ??= error;
    this.#fail(this.#failed);
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
