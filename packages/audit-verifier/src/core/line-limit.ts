/** The longest line of the log, in bytes, without its newline (the entry limit of C2SP tlog-tiles). */
export const MAX_LINE_BYTES = 65_535;
