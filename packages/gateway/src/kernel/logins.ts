/**
 * The form of a login for comparisons that grant something: ASCII letters lose their case, as Okta treats logins, and
 * nothing else changes. A login that only looks the same belongs to somebody else.
 */
export function ownLogin(login: string): string {
  return login.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * The form of a login for comparisons that only ever refuse: without case, as Okta treats logins; in one Unicode normal
 * form; without invisible joiners. Two logins that look the same count as one person.
 */
export function loginKey(login: string): string {
  return (
    login
      .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
      .normalize("NFKC")
      .trim()
      // Upper case first: lower-casing alone distinguishes a final sigma from one within a word.
      .toUpperCase()
      .toLowerCase()
      .normalize("NFKC")
  );
}
