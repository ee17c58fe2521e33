/**
 * Ending live messages of a mailbox that is gone already: for good, past the expunge storage. By
 * the same transitions as an expunge, so bytes that others share stay (B1), and S3 follows.
 */
import { linkOf } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { endRow } from './expunge-messages.ts';
import { type Chunked, type ChunkPorts, inChunks, type Rider } from './in-chunks.ts';

/** Its own row, that of its blob, and that of the mailbox with the first of them. */
const END_ROWS = 3;

export interface EndedMessage {
  readonly uid: number;
  readonly sizeBytes: number;
}

/** Whose messages end. */
export interface EndingMessages {
  readonly account: Account;
  /** Reads the mailbox anew for each chunk, which holds only while its state stays the same. */
  readonly source: () => Promise<Mailbox>;
  readonly uids: readonly number[];
  readonly rider: Rider<EndedMessage>;
}

/**
 * @param deadline epoch milliseconds after which no new try begins
 * @throws AccountHeldError; what `source` and the rider throw; StoreBusyError; TypeError for damaged rows
 */
export async function endMessages(
  ports: ChunkPorts,
  { account, source, uids, rider }: EndingMessages,
  deadline: number,
): Promise<Chunked<EndedMessage>> {
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    rider,
    prepare: async () => ({ source: await source() }),
    take: (chunk, entry, { source: mailbox }) => {
      if (!chunk.fits(END_ROWS, entry)) return 'full';
      const { uid, sizeBytes } = entry.message;
      const links = entry.copied ? chunk.links(entry) : undefined;
      chunk.count(mailbox, -1, entry.message);
      endRow(chunk, entry, links, linkOf(entry.home.mailboxId, entry.home.uid));
      return { uid, sizeBytes };
    },
  });
}
