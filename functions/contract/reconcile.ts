/** What wakes reconcile-objects, and what it leaves for later. */
import type { RowKey } from './row-layout.ts';

/** States of rows that S3 has to follow. */
const FOLLOWED_STATES = ['expunged', 'purging'];

/** The attribute `type` of blob rows, whose links decide whatever their state. */
const BLOB_ROW_TYPE = 'blob';

const WRITTEN = ['INSERT', 'MODIFY'];

/**
 * Records of the dictmap's stream that invoke the function, as Lambda's filters mean them. Nothing
 * else does: no delivery, no change of flags, no row that was removed, by TTL or otherwise (X2).
 */
export const STREAM_FILTERS = [
  { eventName: WRITTEN, dynamodb: { NewImage: { state: { S: FOLLOWED_STATES } } } },
  { eventName: WRITTEN, dynamodb: { NewImage: { type: { S: [BLOB_ROW_TYPE] } } } },
] as const;

/** What became of rows: `postponed` ones are in the retry queue, or stay in it. */
export type RowOutcomes = Readonly<
  Record<'marked' | 'lifted' | 'removed' | 'nothing' | 'postponed', number>
>;

/** A message of the retry queue: the key of a row of the dictmap, for the row is read again. */
export const retryBody = ({ pk, sk }: RowKey): string => JSON.stringify({ pk, sk });

/** The row that a message of the retry queue names. @throws TypeError when it names none */
export function rowOfRetryBody(body: string): RowKey {
  const given = parsed(body);
  if (typeof given === 'object' && given !== null && 'pk' in given && 'sk' in given) {
    const { pk, sk } = given;
    if (typeof pk === 'string' && typeof sk === 'string') return { table: 'dictmap', pk, sk };
  }
  throw new TypeError('a message of the retry queue is {"pk": text, "sk": text}, this one is not');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
