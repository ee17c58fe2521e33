/** The door of the mail API over the models, called as API Gateway calls it. */
import type { ListAnswer, MessageAnswer } from '../../../functions/contract/api.ts';
import type { Account } from '../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../functions/core/accounts/create-account.ts';
import { makeMailApi } from '../../../functions/handlers/mail-api.ts';
import { MemoryObjectStore } from '../../models/memory-object-store.ts';
import { MemoryRowStore } from '../../models/memory-row-store.ts';
import { SeededIds } from '../../models/seeded-ids.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';

const USER = 'john@example.com';
const CLASSES = { names: ['r30'], fallback: 'r30' };

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export async function openMailDoor() {
  const clock = new VirtualClock('2026-11-22T00:00:00Z');
  const objects = new MemoryObjectStore();
  const ports = { rows: new MemoryRowStore(), objects, clock, ids: new SeededIds(1) };
  const account: Account = await createAccount(ports, CLASSES, { user: USER });
  const door = makeMailApi(() => ({ ports, deployment: {}, retentionDays: { r30: 30 } }));
  const call = async <T>(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> => {
    const answer = await door.request(`/v1/accounts/${encodeURIComponent(USER)}/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as T };
  };
  const list = async (mailbox = 'INBOX'): Promise<readonly MessageAnswer[]> => {
    const query = `messages?mailbox=${encodeURIComponent(mailbox)}`;
    return (await call<ListAnswer<MessageAnswer>>('GET', query)).body.items;
  };
  const request = (target: string, init: RequestInit): Promise<Response> =>
    Promise.resolve(door.request(target, init));
  return { user: USER, account, ports, objects, call, list, request };
}

export type MailDoor = Awaited<ReturnType<typeof openMailDoor>>;

export const base64 = (text: string): string => Buffer.from(text).toString('base64');
