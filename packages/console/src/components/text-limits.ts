/** As many characters as the gateway takes of a reason. */
export const MAX_REASON_CHARACTERS = 500;
/** As many characters as the gateway takes of a decision's comment and of a review's note. */
export const MAX_COMMENT_CHARACTERS = 1000;
