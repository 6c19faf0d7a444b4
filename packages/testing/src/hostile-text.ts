/** What acts on a terminal, or is not seen: a title, a cleared screen, reordering, zero width, tags, annotations, line ends. */
export const hostileText =
  "\u001b]0;t\u0007\u001b[2J\u009b8m\u202eIGNORE\u2066\u200b\u200d\u00ad\u{e0041}\ufff9\u2028\r\0\ufeff\ue000";
