/** One account over the models: its ports, its stream, its bucket's lifecycle, and what it shows. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { mailKey } from '../../functions/contract/key-layout.ts';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { listMailboxes } from '../../functions/core/mailboxes/mailboxes.ts';
import type { EntryPage } from '../../functions/core/messages/entries.ts';
import type { MailContext, MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import { findInPlace } from '../../functions/core/messages/in-place-entries.ts';
import type { Message } from '../../functions/core/messages/message.ts';
import { fetchMessage, listMessages } from '../../functions/core/messages/read-messages.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { MemoryObjectStore } from '../models/memory-object-store.ts';
import { MemoryRowStore } from '../models/memory-row-store.ts';
import { inPlaceOf, STORAGE } from '../models/reference-mail.ts';
import type { Rules } from '../models/reference-messages.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { VirtualClock } from '../models/virtual-clock.ts';
import { Reconciler } from './reconciler.ts';
import { Turns } from './turns.ts';

const USER = 'john@example.org';
export const CLASS_DAYS: Readonly<Record<string, number | null>> = { r7: 7, r30: 30, keep: null };
const CLASSES = { names: Object.keys(CLASS_DAYS), fallback: 'r30' };

/** More mailboxes than any account here has. */
const MAILBOXES_MAX = 100;

/** Rules of the bucket, as they are deployed: bytes outlive their row by a day. */
export const LIFECYCLE: readonly LifecycleRule[] = Object.entries(CLASS_DAYS).map(
  ([name, days]) => ({
    Status: 'Enabled',
    Filter: { Prefix: `${name}/` },
    Expiration: { ExpiredObjectDeleteMarker: true },
    ...(days === null ? {} : { NoncurrentVersionExpiration: { NoncurrentDays: days + 1 } }),
  }),
);

export interface SeenMessage extends Message {
  /** The very version that the row names; undefined when S3 does not have it. */
  readonly body: Uint8Array | undefined;
}

export interface SeenMailbox {
  readonly mailbox: Mailbox;
  readonly messages: readonly SeenMessage[];
}

/** The models of the stores, with everything that follows what is written to them. */
class MailStores {
  readonly clock = new VirtualClock();
  readonly turns = new Turns();
  readonly ids: SeededIds;
  readonly rows: MemoryRowStore;
  readonly objects = new MemoryObjectStore({ clock: this.clock });
  readonly reconciler: Reconciler;
  /** Every call waits for its turn while processes are run side by side. */
  readonly ports: MessagePorts;

  constructor(seed: number) {
    this.ids = new SeededIds(seed);
    this.rows = new MemoryRowStore({ changed: (change) => this.reconciler.listen(change) });
    const rows = this.turns.wrap<MessagePorts['rows']>(this.rows);
    const objects = this.turns.wrap<MessagePorts['objects']>(this.objects);
    this.reconciler = new Reconciler({ rows, objects, clock: this.clock, ids: this.ids });
    // Time stands still within an operation: what it saves has one save date, as in the model.
    const clock = this.turns.wrap({ now: () => this.clock.now(), sleep: async () => {} });
    this.ports = { rows, objects, clock, ids: this.ids };
  }
}

export class MailWorld {
  readonly stores: MailStores;
  readonly account: Account;
  context: MailContext;

  private constructor(stores: MailStores, account: Account, rules: Rules) {
    this.stores = stores;
    this.account = account;
    const settings = resolveSettings(settingsOf(rules));
    this.context = { account, settings, retentionDays: CLASS_DAYS };
  }

  static async make(
    seed: number,
    rules: Rules,
    boxes: readonly string[],
    retentionClass: string,
  ): Promise<MailWorld> {
    const stores = new MailStores(seed);
    const account = await createAccount(stores.ports, CLASSES, { user: USER, retentionClass });
    for (const path of boxes) {
      if (path !== 'INBOX') await createMailbox(stores.ports, account, path);
    }
    return new MailWorld(stores, account, rules);
  }

  /** Mail that comes from now on is of another class. */
  async changeClass(retentionClass: string): Promise<void> {
    await this.stores.rows.write({
      kind: 'update',
      key: registryKeys.account(this.account.accountId),
      guard: { row: 'present' },
      change: { set: { retentionClass } },
    });
    this.context = { ...this.context, account: { ...this.context.account, retentionClass } };
  }

  /** Everything that lists show, page by page, and the bytes that each message names. */
  async observe(pageMessages: number): Promise<ReadonlyMap<string, SeenMailbox>> {
    const { rows, clock } = this.stores;
    const { accountId } = this.account;
    const { mailboxes } = await listMailboxes(rows, accountId, { limit: MAILBOXES_MAX });
    const seen = new Map<string, SeenMailbox>();
    for (const mailbox of mailboxes) {
      const messages: SeenMessage[] = [];
      let afterUid: number | undefined = 0;
      while (afterUid !== undefined) {
        const page = { afterUid, limit: pageMessages };
        const listed = await listMessages({ rows, clock }, mailbox, page);
        for (const message of listed.messages) messages.push(await this.#withBody(message));
        afterUid = listed.nextAfterUid;
      }
      seen.set(mailbox.path, { mailbox, messages });
      if (this.context.settings.expunge.mode !== 'in-place') continue;
      const inPlace = await this.#inPlace(mailbox, pageMessages);
      seen.set(inPlaceOf(mailbox.path), { mailbox, messages: inPlace });
    }
    return seen;
  }

  async #inPlace(mailbox: Mailbox, limit: number): Promise<SeenMessage[]> {
    const asOf = this.stores.clock.now();
    const messages: SeenMessage[] = [];
    let afterUid: number | undefined = 0;
    while (afterUid !== undefined) {
      const finding = { afterUid, limit, deadline: asOf, asOf };
      const page: EntryPage = await findInPlace(this.stores, mailbox, finding);
      for (const { message } of page.entries) messages.push(await this.#withBody(message));
      afterUid = page.nextAfterUid;
    }
    return messages;
  }

  /** What a client gets for one message. */
  async fetch(mailbox: Mailbox, uid: number): Promise<Uint8Array> {
    return (await fetchMessage(this.stores, this.account, mailbox, uid)).body;
  }

  async #withBody(message: Message): Promise<SeenMessage> {
    const stored = await this.stores.objects.get(this.keyOf(message), message.versionId);
    return { ...message, body: stored?.body };
  }

  keyOf({ retentionClass, blobId }: Pick<Message, 'retentionClass' | 'blobId'>): string {
    return mailKey(retentionClass, this.account.accountId, blobId);
  }
}

function settingsOf({ mode, onlyLastInstance, excluded, storageSeconds }: Rules): MailSettings {
  const names = { mailbox: STORAGE, namespace: `${STORAGE}/` };
  const lazyExpunge = mode === 'off' || mode === 'in-place' ? mode : names[mode];
  const autoexpunge = { afterSeconds: storageSeconds ?? 0 };
  const storages = { [STORAGE]: { autoexpunge }, [`${STORAGE}/*`]: { autoexpunge } };
  return {
    lazyExpunge,
    lazyExpungeOnlyLastInstance: onlyLastInstance,
    lazyExpungeExclude: excluded,
    ...(storageSeconds === undefined ? {} : { mailboxes: storages }),
  };
}
