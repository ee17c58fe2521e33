/** `lethe message list | fetch` */
import type { MessageAnswer } from '../../functions/contract/api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { write } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { size } from '../output/text.ts';

const FIELDS: readonly Field<MessageAnswer>[] = [
  { name: 'uid', value: ({ uid }) => uid },
  {
    name: 'date',
    value: ({ internalDate }) => internalDate,
    shown: ({ internalDate }) => internalDate.slice(0, 16).replace('T', ' '),
  },
  { name: 'size', value: (message) => message.size, shown: (message) => size(message.size) },
  { name: 'flags', value: ({ flags, keywords }) => [...flags, ...keywords].join(' ') },
  { name: 'from', value: ({ from }) => from },
  { name: 'subject', value: ({ subject }) => subject },
];

export interface ListMessagesOptions {
  readonly user: string;
  readonly mailbox: string;
}

export interface FetchMessageOptions extends ListMessagesOptions {
  readonly uid: number;
}

export async function listMessages(
  { io, format, client }: Context,
  { user, mailbox }: ListMessagesOptions,
): Promise<number> {
  await printList(io, format, (await client()).messages(user, mailbox), FIELDS);
  return EXIT.ok;
}

/** Writes the message to standard output, byte for byte. */
export async function fetchMessage(
  { io, client }: Context,
  { user, mailbox, uid }: FetchMessageOptions,
): Promise<number> {
  await write(io.stdout, await (await client()).message(user, mailbox, uid));
  return EXIT.ok;
}
