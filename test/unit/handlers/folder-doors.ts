/** One account, and what is asked about its folders. */
import { expect } from 'vitest';
import type { DeletedItem, DeleteMailboxAnswer } from '../../../functions/contract/folder-api.ts';
import { makeMailApi } from '../../../functions/handlers/mail-api.ts';
import { Crashes } from '../../models/faulty.ts';
import { type Answer, Doors } from './doors.ts';

export const JOHN = '/v1/accounts/john@x.org';
export const ADMIN = '/v1/admin/accounts/john@x.org';
export const ANNA = 'as=anna@x.org';
export const DRY = 'dryRun=true';

export class FolderDoors extends Doors {
  static async open(): Promise<FolderDoors> {
    const doors = new FolderDoors();
    await doors.addAccount('john@x.org');
    await doors.addAccount('anna@x.org');
    return doors;
  }

  /** As an administrator, who may make any mailbox. */
  async make(...paths: string[]): Promise<void> {
    for (const path of paths) {
      const made = await this.ask(`POST ${ADMIN}/mailboxes`, { body: { path } });
      expect(made.status, made.text).toBe(201);
    }
  }

  async deliver(mailbox: string, base = JOHN, query = ''): Promise<Answer> {
    const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
    const body = { mailbox, messages: [{ raw }] };
    return await this.ask(`POST ${base}/messages?${query}`, { body });
  }

  async remove(body: object, base = JOHN, query = ''): Promise<Answer> {
    return await this.ask(`POST ${base}/mailboxes/delete?${query}`, { body });
  }

  async removed(body: object, base = JOHN, query = ''): Promise<DeleteMailboxAnswer> {
    const answer = await this.remove(body, base, query);
    expect(answer.status, answer.text).toBe(200);
    return answer.body as unknown as DeleteMailboxAnswer;
  }

  async undelete(body: object, base = ADMIN, query = ''): Promise<Answer> {
    return await this.ask(`POST ${base}/mailboxes/undelete?${query}`, { body });
  }

  async deleted(query = '', base = ADMIN): Promise<readonly DeletedItem[]> {
    const answer = await this.ask(`GET ${base}/mailboxes/deleted?${query}`);
    expect(answer.status, answer.text).toBe(200);
    return answer.body['items'] as readonly DeletedItem[];
  }

  async names(base = ADMIN, query = ''): Promise<string[]> {
    const { body } = await this.ask(`GET ${base}/mailboxes?pattern=*&limit=500&${query}`);
    const items = body['items'] as readonly { path: string; placeholder?: true }[];
    return items.map(({ path, placeholder }) => (placeholder === true ? `(${path})` : path));
  }

  /** A request during which the function dies. @param call of the changes that it makes, from 1 */
  async dies(request: string, body: object, call: number): Promise<void> {
    const crashes = new Crashes({ call, point: 'after' });
    const { ports } = this.world;
    const door = makeMailApi(() => ({
      ports: { ...ports, rows: crashes.wrap(ports.rows) },
      deployment: this.settings,
      retentionDays: { r30: 30 },
    }));
    const [method = '', path = ''] = request.split(' ');
    const answer = await door.request(path, { method, body: JSON.stringify(body) });
    expect(answer.status).toBe(500);
    expect(crashes.crashed).toBe(true);
  }
}

export const numbered = (root: string, count: number): string[] => [
  root,
  ...Array.from({ length: count - 1 }, (_, n) => `${root}/${String(n + 1).padStart(3, '0')}`),
];
