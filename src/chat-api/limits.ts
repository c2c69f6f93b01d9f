/** Limits of the service as a whole (how fast, how late, how stale), and the timeout that follows from them. */

/** The documented limit of each command, in requests a second, per application; it cannot be raised. */
export const MAX_REQUESTS_PER_SECOND = 200;

/**
 * After this many milliseconds the service gives up on a request: it no longer takes effect
 * ([RESTful API Overview](https://www.tencentcloud.com/document/product/1047/34620)).
 */
export const SERVER_TIMEOUT_MS = 3_000;

/** A read may show a value this many milliseconds after it was replaced (assumed; no page states a bound). */
export const REPLICA_LAG_MS = 2_000;

/** From this many milliseconds after an attempt without a valid answer, a read shows what it did. */
export const UNANSWERED_SETTLE_MS = SERVER_TIMEOUT_MS + REPLICA_LAG_MS;

/** A write is given up this long after sending: a second more than the service's own timeout. */
export const WRITE_TIMEOUT_MS = 4_000;
