/**
 * What requests on a mailbox with little mail cost behind much that has ended. In memory, by the
 * meter that is checked against DynamoDB: only so a million rows lie there within a minute.
 */
import { BUCKET_UIDS, UID_STEP_MAX } from '../../functions/contract/limits.ts';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { bucketOf, dictmapKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { OWNER } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { sweepMailbox } from '../../functions/core/autoexpunge/sweep-mailbox.ts';
import { newBucket } from '../../functions/core/mailboxes/bucket-directory.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { DeadMap } from '../../functions/core/mailboxes/dead-map.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { changeUids } from '../../functions/core/mailboxes/mailbox-uids.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { listMessages, type MessagePage } from '../../functions/core/messages/read-messages.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import type { Usage } from '../../functions/core/meter/usage.ts';
import type { RowStore } from '../../functions/core/ports/row-store.ts';
import { requestDelete } from '../../functions/core/requests/delete-request.ts';
import { requestExpunge } from '../../functions/core/requests/expunge-request.ts';
import type { MailRequest } from '../../functions/core/requests/mail-access.ts';
import { requestStatus } from '../../functions/core/requests/mailbox-requests.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { MemoryObjectStore } from '../../test/models/memory-object-store.ts';
import { MemoryRowStore } from '../../test/models/memory-row-store.ts';
import { MeteredRowStore } from '../../test/models/metered-row-store.ts';
import { SeededIds } from '../../test/models/seeded-ids.ts';
import { VirtualClock } from '../../test/models/virtual-clock.ts';
import { benchMessage } from '../bench-message.ts';

const USER = 'history@example.com';
const PATH = 'Work';
const LIVE = 50;
const DEADLINE = Number.POSITIVE_INFINITY;
const PAGE_MESSAGES = 500;
const DAY_MS = 86_400_000;

const SETTINGS: MailSettings = {
  lazyExpunge: '.EXPUNGED',
  deleteMode: 'immediate',
  mailboxes: { [PATH]: { autoexpunge: { afterSeconds: 90 * 86_400 } } },
};

/** What lies before the messages that live. */
export interface History {
  /** Messages that have ended and are kept. */
  readonly ended: number;
  /** UIDs that were given elsewhere, or never. */
  readonly passedOver?: number;
}

export interface HistoryCost {
  readonly operation: string;
  readonly history: History;
  readonly requests: number;
  readonly rowsRead: number;
  readonly units: Usage;
}

/** Each operation on a mailbox of 50 messages behind this history, one after the other. */
export async function historyCosts(history: History): Promise<HistoryCost[]> {
  const bench = await HistoryBench.make(history);
  return [
    await bench.measure('STATUS', (request) => requestStatus(request, { mailbox: PATH })),
    await bench.measure('list', (request) => listAll(request, PATH)),
    await bench.measure('expunge', (request) =>
      requestExpunge(request, { mailbox: PATH }, 'bench'),
    ),
    await bench.measure('sweep', ({ ports, access }, mailbox) =>
      sweepMailbox(ports, access, mailbox, { until: DEADLINE }),
    ),
    await bench.measure('delete at once', (request) =>
      requestDelete(request, { mailbox: PATH }, 'bench'),
    ),
  ];
}

async function listAll({ ports, access }: MailRequest, path: string): Promise<void> {
  const mailbox = await requireMailbox(ports.rows, access.account, path);
  let afterUid: number | undefined = 0;
  while (afterUid !== undefined) {
    const window = { afterUid, limit: PAGE_MESSAGES };
    const page: MessagePage = await listMessages(ports, mailbox, window);
    afterUid = page.nextAfterUid;
  }
}

class HistoryBench {
  readonly #history: History;
  readonly #clock = new VirtualClock();
  readonly #rows = new MemoryRowStore();
  readonly #others = {
    objects: new MemoryObjectStore({ clock: this.#clock }),
    clock: this.#clock,
    ids: new SeededIds(1),
  };

  private constructor(history: History) {
    this.#history = history;
  }

  static async make(history: History): Promise<HistoryBench> {
    const bench = new HistoryBench(history);
    await bench.#fill();
    return bench;
  }

  get #plain() {
    return { ...this.#others, rows: this.#rows };
  }

  async measure(
    operation: string,
    run: (request: MailRequest, mailbox: Mailbox) => Promise<unknown>,
  ): Promise<HistoryCost> {
    const account = await requireActiveAccount(this.#rows, USER);
    const mailbox = await requireMailbox(this.#rows, account, PATH);
    const meter = new Meter();
    const counted = { requests: 0, rowsRead: 0 };
    const rows = counting(new MeteredRowStore(this.#rows, meter), counted);
    const access = {
      account,
      actor: OWNER,
      settings: resolveSettings(SETTINGS),
      retentionDays: { r30: 30 },
    };
    await run({ ports: { ...this.#others, rows }, access, deadline: DEADLINE }, mailbox);
    return { operation, history: this.#history, ...counted, units: meter.take() };
  }

  async #fill(): Promise<void> {
    const { ended, passedOver = 0 } = this.#history;
    const classes = { names: ['r30'], fallback: 'r30' };
    const account = await createAccount(this.#plain, classes, { user: USER });
    const { mailboxId } = await createMailbox(this.#plain, account, PATH);
    await this.#end(mailboxId, ended);
    await this.#raise(account, mailboxId, ended + passedOver + 1);
    const messages = Array.from({ length: LIVE }, (_, index) => ({
      raw: benchMessage(`Minutes of meeting ${index}`, 'What we agreed to do next.\r\n'),
      // One of them is what EXPUNGE is for.
      flags: index === LIVE / 2 ? ['\\Deleted'] : [],
    }));
    await deliverMessages(this.#plain, { user: USER, mailbox: PATH, messages }, DEADLINE);
  }

  /** Rows as deliveries and expunges of so many messages leave them. */
  async #end(mailboxId: string, count: number): Promise<void> {
    const expiresAt = this.#clock.now() + 30 * DAY_MS;
    const attributes = {
      ...{ v: 1, type: 'message', state: 'expunged', origin: PATH, class: 'r30' },
      ...{ guid: '0'.repeat(32), blobId: '0'.repeat(32), digest: '0'.repeat(32), versionId: '0' },
      ...{ size: 1000, internalDate: 0, saveDate: 0, expungedAt: 0, expiresAt },
      envelope: {
        from: 'a@example.com',
        to: USER,
        subject: 'Minutes',
        messageId: '<1@example.com>',
      },
    };
    for (let uid = 1; uid <= count; uid += 1) {
      await this.#put(dictmapKeys.message(mailboxId, uid), attributes);
    }
    if (count === 0) return;
    const top = bucketOf(count);
    for (let bucket = 0; bucket <= top; bucket += 1) {
      const to = Math.min(count - bucket * BUCKET_UIDS, BUCKET_UIDS - 1);
      const dead = DeadMap.none().with({ from: 0, to });
      const kind = dead.isFull ? 'spent' : 'bucket';
      const key = dictmapKeys.bucket(kind, mailboxId, bucket);
      const map = dead.isFull ? {} : dead.attributes().set;
      await this.#put(key, { ...newBucket(mailboxId, bucket), ...map });
    }
    await this.#rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { set: { uidNext: count + 1, topBucket: top } },
    });
  }

  async #put(key: Parameters<RowStore['get']>[0], attributes: object): Promise<void> {
    await this.#rows.write({ kind: 'put', key, attributes: { ...attributes } });
  }

  async #raise(account: Account, mailboxId: string, wanted: number): Promise<void> {
    for (;;) {
      const { uidNext: now } = await requireMailbox(this.#rows, account, PATH);
      if (now >= wanted) return;
      const uidNext = Math.min(now + UID_STEP_MAX, wanted);
      await changeUids(this.#plain, account, mailboxId, { uidNext }, DEADLINE);
    }
  }
}

function counting(rows: RowStore, counted: { requests: number; rowsRead: number }): RowStore {
  const count = <T>(answer: Promise<T>): Promise<T> => {
    counted.requests += 1;
    return answer;
  };
  return {
    get: (key) => count(rows.get(key)),
    write: (write) => count(rows.write(write)),
    transact: (writes) => count(rows.transact(writes)),
    removeAll: (keys) => count(rows.removeAll(keys)),
    query: async (query) => {
      const page = await count(rows.query(query));
      counted.rowsRead += page.rows.length;
      return page;
    },
  };
}
