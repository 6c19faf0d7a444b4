/** Why commands are set apart that a pattern, or many, would cover. */
export const ANY_OPTION = "its arguments vary, and * would take any option too";
export const LETS_THROUGH = "it would let through what is set apart";
export const NOT_COVERED = "no pattern covers it";
export const NOT_COMPARED = "not everything could be held against it";
export const TOO_MANY = "there are too many commands for anybody to read";
