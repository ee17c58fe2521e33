import { bucketOf, messagePartitions } from '../functions/contract/row-layout.ts';

/** Partitions of every UID below UIDNEXT, whatever the directory says: for tests of what is left. */
export function everyPartition(mailboxId: string, uidNext: number): string[] {
  const buckets = Array.from({ length: bucketOf(Math.max(uidNext - 1, 0)) + 1 }, (_, at) => at);
  return messagePartitions(mailboxId, ...buckets);
}
