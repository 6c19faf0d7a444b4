/**
 * One text for one login, for comparing people: without case, as Okta treats logins, and whatever way Unicode writes
 * the same letters, seen ones and joiners that are not. Whoever compares by it takes two logins that look the same for
 * one person.
 */
export function loginKey(login: string): string {
  return login
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFKC")
    .trim()
    .toLowerCase();
}
