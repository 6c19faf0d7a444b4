/** How much a record matters, in syslog's words (RFC 5424, section 6.2.1). */
export type Severity = "alert" | "warning" | "notice" | "informational";

/** `alert`: what an operator may want to be woken for; `warning`: what was refused; acts are `informational`. */
export function severityOf(type: string): Severity {
  if (/^(?:lockdown\.started|break_glass\.activated|log\.(?:replaced|recovered))$/.test(type)) return "alert";
  if (/(?:\.refused|\.denied|\.refused_to|^log\.segment_dropped)$/.test(type)) return "warning";
  return type.startsWith("act.") ? "informational" : "notice";
}
