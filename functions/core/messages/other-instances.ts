/**
 * Whether a message has another instance that its owner can see. A link of a deleted folder keeps
 * the bytes, but is no instance: else the last one that is seen would go for good while the other
 * waits to be purged (L4).
 */
import { mailboxOfLink } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { isThere } from '../mailboxes/every-mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import type { RowStore } from '../ports/row-store.ts';
import type { BlobDraft } from './blob.ts';
import type { Chunk } from './chunk.ts';

/**
 * What one try at a chunk finds out, from strongly consistent reads: the account, and each mailbox
 * once. The chunk is then written only if no tree of folders has moved since (W8).
 */
export class OtherInstances {
  readonly #rows: RowStore;
  readonly #accountId: string;
  readonly #there = new Map<string, boolean>();
  #account: Account | undefined;

  constructor(rows: RowStore, accountId: string) {
    this.#rows = rows;
    this.#accountId = accountId;
  }

  /**
   * @param link of the instance that is about to go
   * @throws AccountNotActiveError
   */
  async has(chunk: Chunk, links: BlobDraft, link: string): Promise<boolean> {
    const others = links.liveBut(link);
    if (others.length === 0) return false;
    // Read before any mailbox is: what changes later is refused by its revision.
    this.#account ??= await this.#read();
    chunk.guardTrees(this.#account);
    const mailboxIds = new Set(others.map((other) => mailboxOfLink(this.#accountId, other)));
    for (const mailboxId of mailboxIds) {
      if (await this.#isThere(this.#account, mailboxId)) return true;
    }
    return false;
  }

  async #read(): Promise<Account> {
    const account = await readAccount(this.#rows, this.#accountId);
    if (account?.state !== 'active') throw notActive(account ?? { accountId: this.#accountId });
    return account;
  }

  async #isThere(account: Account, mailboxId: string): Promise<boolean> {
    const known = this.#there.get(mailboxId);
    if (known !== undefined) return known;
    const mailbox = await readMailbox(this.#rows, mailboxId);
    const there = mailbox !== undefined && isThere(account, mailbox);
    this.#there.set(mailboxId, there);
    return there;
  }
}
