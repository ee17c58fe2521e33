/** How long the functions may take, in seconds. */

/** API Gateway gives up after 30 s; a second before, the function answers by itself. */
export const REQUEST_TIMEOUT_SECONDS = 29;

/** Steps of a few calls, with room for the retries of each. */
export const STEP_TIMEOUT_SECONDS = 60;

/**
 * Steps that ask mail servers: three tries of 10 s with 3 s between them at most, all servers at
 * once, and what they ask comes in up to three requests.
 */
export const MAIL_SERVER_STEP_TIMEOUT_SECONDS = 120;

/** Steps that work through pages until their time is nearly over, then ask to be called again. */
export const PAGING_STEP_TIMEOUT_SECONDS = 300;

/** A writer of any kind is over after this long. */
export const LONGEST_TIMEOUT_SECONDS = Math.max(
  REQUEST_TIMEOUT_SECONDS,
  STEP_TIMEOUT_SECONDS,
  MAIL_SERVER_STEP_TIMEOUT_SECONDS,
  PAGING_STEP_TIMEOUT_SECONDS,
);
