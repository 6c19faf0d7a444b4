/** Members that refuse nothing and change no outcome, with the reason why. */
export const exemptions: Readonly<Record<string, string>> = {};
