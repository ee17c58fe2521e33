/** What a request answers when the store is busy in the middle of it. */
import { StoreBusyError } from '../errors.ts';
import type { Chunked } from '../messages/in-chunks.ts';

/**
 * A part of a request that nothing came of, after others were done: what was done must be told, or
 * the same request again would do it twice.
 * @param done messages that the parts before it were about
 * @throws the error, when nothing was done before, or when it is another one
 */
export function unlessBegun(error: unknown, done: number): Chunked<never> {
  if (done === 0 || !(error instanceof StoreBusyError)) throw error;
  return { results: [], complete: false };
}
