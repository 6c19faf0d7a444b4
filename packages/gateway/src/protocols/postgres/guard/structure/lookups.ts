/** Columns whose type turns a text beside them into a look-up by name (`regproc` and its kin). */
export const catalogLookups: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    pg_aggregate:
      "aggfnoid aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn aggmfinalfn",
    pg_am: "amhandler",
    pg_amproc: "amproc",
    pg_conversion: "conproc",
    pg_operator: "oprcode oprrest oprjoin",
    pg_proc: "prosupport protransform",
    pg_range: "rngcanonical rngsubdiff",
    pg_transform: "trffromsql trftosql",
    pg_ts_parser: "prsstart prstoken prsend prsheadline prslextype",
    pg_ts_template: "tmplinit tmpllexize",
    pg_type: "typinput typoutput typreceive typsend typmodin typmodout typanalyze typsubscript",
    pg_sequences: "data_type",
  }).map(([name, columns]) => [name, new Set(columns.split(" "))]),
);
