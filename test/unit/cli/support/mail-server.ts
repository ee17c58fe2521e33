/** The real door of mail over the models, behind an address that the command line can be given. */
import { mailKey } from '../../../../functions/contract/key-layout.ts';
import { requireActiveAccount } from '../../../../functions/core/accounts/accounts.ts';
import type { Mailbox } from '../../../../functions/core/mailboxes/mailbox.ts';
import { listMailboxes } from '../../../../functions/core/mailboxes/mailboxes.ts';
import type { Message } from '../../../../functions/core/messages/message.ts';
import { listMessages } from '../../../../functions/core/messages/read-messages.ts';
import { openMailDoor } from '../../mail/mail-door.ts';
import { type FakeApi, type Reply, type SeenRequest, startFakeApi } from './fake-api.ts';

const USER = 'john@example.com';
export const ACCOUNT_PATH = '/v1/accounts/john%40example.com';

export interface MailServer {
  readonly user: string;
  readonly api: FakeApi;
  /** What the API itself answers: for routes that a test answers only in part. */
  answer(request: SeenRequest): Promise<Reply>;
  mailboxes(): Promise<readonly Mailbox[]>;
  messages(path: string): Promise<readonly Message[]>;
  /** Bodies of a mailbox in the order of their UIDs. */
  bodies(path: string): Promise<readonly string[]>;
  subscriptions(): Promise<readonly string[]>;
}

export async function startMailServer(): Promise<MailServer> {
  const api = await startFakeApi();
  const door = await openMailDoor();
  const { rows, objects, clock } = door.ports;
  const { accountId } = await requireActiveAccount(rows, USER);

  const answer = async ({ method, target, headers, body, bytes }: SeenRequest): Promise<Reply> => {
    if (method === 'PUT') return await receive(target, headers['content-length'] ?? '', bytes);
    if (target.startsWith('/presigned/')) return await open(target);
    const response = await door.request(target, {
      method,
      headers: { 'idempotency-key': String(headers['idempotency-key'] ?? '') },
      ...(body === '' ? {} : { body }),
    });
    const toServer = (given: string) => given.replaceAll('memory:', `${api.url}/presigned/`);
    const told = ['retry-after', 'location'].flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, toServer(value)] as const];
    });
    const raw = Buffer.from(await response.arrayBuffer());
    const isMail = response.headers.get('content-type')?.startsWith('message/') === true;
    return {
      status: response.status,
      headers: Object.fromEntries(told),
      body: isMail ? raw : toServer(raw.toString()),
    };
  };
  const open = async (target: string): Promise<Reply> => {
    const body = await objects.open(target.replace('/presigned/', 'memory:'));
    return body === undefined ? { status: 404 } : { body: Buffer.from(body) };
  };
  const receive = async (target: string, length: string, bytes: Buffer): Promise<Reply> => {
    const url = decodeURIComponent(target).replace('/presigned/', 'memory:');
    const taken = await objects.receive({ url, headers: { 'content-length': length } }, bytes);
    return { status: taken ? 200 : 403, body: '' };
  };
  api.on(`GET ${ACCOUNT_PATH}`, { body: { accountId, user: USER } });
  api.otherwise(answer);

  const mailboxes = async () => (await listMailboxes(rows, accountId, { limit: 500 })).mailboxes;
  const messages = async (path: string): Promise<readonly Message[]> => {
    const mailbox = (await mailboxes()).find((one) => one.path === path);
    const found: Message[] = [];
    let afterUid: number | undefined = mailbox === undefined ? undefined : 0;
    while (mailbox !== undefined && afterUid !== undefined) {
      const page = await listMessages({ rows, clock }, mailbox, { afterUid, limit: 500 });
      found.push(...page.messages);
      afterUid = page.nextAfterUid;
    }
    return found;
  };
  return {
    user: USER,
    api,
    answer,
    mailboxes,
    messages,
    async bodies(path) {
      const found: string[] = [];
      for (const { retentionClass, blobId, versionId } of await messages(path)) {
        const stored = await objects.get(mailKey(retentionClass, accountId, blobId), versionId);
        found.push(Buffer.from(stored?.body ?? []).toString('latin1'));
      }
      return found;
    },
    async subscriptions() {
      const { body } = await door.call<{ items: { path: string }[] }>('GET', 'subscriptions');
      return body.items.map(({ path }) => path);
    },
  };
}
