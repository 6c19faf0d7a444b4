/** The longest reason of a request, a revocation, a lock-down or a retired log, characters. */
export const MAX_REASON_CHARACTERS = 500;
/** The longest comment of a decision and the longest note of a review, characters. */
export const MAX_COMMENT_CHARACTERS = 1000;
/** The most operations of one request. */
export const MAX_OPERATIONS = 16;
