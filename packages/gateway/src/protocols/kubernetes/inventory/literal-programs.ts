/** Programs whose arguments are in a language of their own, or hosts: no part of them is a number and no more. */
export const literals: ReadonlySet<string> = new Set(
  "sed jq yq bc dc expr test [ tar bsdtar rsync ping ping6 dig host drill nslookup kdig traceroute traceroute6 tracepath mtr arping getent whois".split(
    " ",
  ),
);
