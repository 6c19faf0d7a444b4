/** Who exports, as receivers are told. */
export interface Exporter {
  /** The gateway's host name. */
  readonly host: string;
  /** The log's name: with a record's number it tells the record from every other. */
  readonly log: string;
  /** mayflyd's version. */
  readonly version: string;
}
