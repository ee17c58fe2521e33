/** Requests on mail as a client sends them, carried out by the core; and their steps in the model. */
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { changeFlags } from '../../functions/core/messages/change-flags.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import type {
  Chunked,
  MailContext,
  MessagePorts,
} from '../../functions/core/messages/in-chunks.ts';
import { moveMessages } from '../../functions/core/messages/move-messages.ts';
import { restoreMessages } from '../../functions/core/messages/restore-messages.ts';
import {
  purgeInPlace,
  unexpungeMessages,
} from '../../functions/core/messages/unexpunge-messages.ts';
import type { ReferenceMail } from '../models/reference-mail.ts';
import type { Marks, NewMail, Step } from '../models/reference-messages.ts';

export type MailRequest =
  | {
      readonly do: 'deliver';
      readonly to: string;
      readonly mails: readonly NewMail[];
      /** Idempotency-Key; without one a repeated request delivers again. */
      readonly key?: string;
    }
  | {
      readonly do: 'flag';
      readonly from: string;
      readonly uids: readonly number[];
      readonly add: Marks;
      readonly remove: Marks;
    }
  | {
      readonly do: 'copy' | 'move';
      readonly from: string;
      readonly uids: readonly number[];
      readonly to: string;
    }
  | {
      readonly do: 'expunge';
      readonly from: string;
      readonly uids: readonly number[];
      readonly bypass: boolean;
    }
  | {
      readonly do: 'restore';
      readonly from: string;
      readonly uids: readonly number[];
      readonly to?: string;
      readonly keep: boolean;
    }
  | {
      readonly do: 'unexpunge';
      readonly from: string;
      readonly uids: readonly number[];
      readonly keepDeleted: boolean;
    }
  | { readonly do: 'purge'; readonly from: string; readonly uids: readonly number[] };

const IN_TIME_MS = 20_000;

const sets = ({ flags, keywords }: Marks) => ({
  flags: new Set(flags),
  keywords: new Set(keywords),
});

/** Carries a request out. @returns the new UIDs that it says it gave, in order */
export async function carryOut(
  ports: MessagePorts,
  context: MailContext,
  request: MailRequest,
): Promise<readonly number[]> {
  const deadline = ports.clock.now() + IN_TIME_MS;
  const { accountId, user = '' } = context.account;
  const box = (path: string) => requireMailbox(ports.rows, { accountId }, path);
  if (request.do === 'deliver') {
    const { to: mailbox, mails, key } = request;
    const messages = mails.map(({ body, ...more }) => ({ ...more, raw: Buffer.from(body) }));
    const idempotency = key === undefined ? {} : { idempotency: { key, requestHash: key } };
    const delivery = { user, mailbox, messages, ...idempotency };
    return (await deliverMessages(ports, delivery, deadline)).uids;
  }
  const from = await box(request.from);
  const { uids } = request;
  switch (request.do) {
    case 'flag':
      await changeFlags(ports, from, uids, {
        add: sets(request.add),
        remove: sets(request.remove),
      });
      return [];
    case 'copy': {
      const to = await box(request.to);
      return newUids(await copyMessages({ ports, context, deadline }, from, uids, to));
    }
    case 'move': {
      const to = await box(request.to);
      return newUids(await moveMessages({ ports, context, deadline }, from, uids, { to }));
    }
    case 'expunge': {
      const options = request.bypass ? { bypassStorage: true } : {};
      complete(await expungeMessages({ ports, context, deadline }, from, uids, options));
      return [];
    }
    case 'restore': {
      const { to, keep } = request;
      const options = to === undefined ? { keep } : { to, keep };
      return newUids(await restoreMessages({ ports, context, deadline }, from, uids, options));
    }
    case 'unexpunge': {
      const options = { clearDeleted: !request.keepDeleted };
      return newUids(await unexpungeMessages({ ports, context, deadline }, from, uids, options));
    }
    case 'purge':
      complete(await purgeInPlace({ ports, context, deadline }, from, uids));
      return [];
  }
}

function complete<T>({ results, complete: done }: Chunked<T>): readonly T[] {
  if (!done) throw new Error('time stands still, and yet there was not enough of it');
  return results;
}

const newUids = (chunked: Chunked<{ readonly newUid: number }>): readonly number[] =>
  complete(chunked).map(({ newUid }) => newUid);

/**
 * What a request does in the model, in order. The inner lists are what one transaction holds as
 * long as it has room: between them others may come.
 */
export function stepsOf(model: ReferenceMail, request: MailRequest): Step[][] {
  if (request.do === 'deliver') {
    return [[{ do: 'deliver', to: request.to, mails: request.mails }]];
  }
  const { uids, ...rest } = request;
  const inOrder = [...new Set(uids)].sort((one, other) => one - other);
  const steps = inOrder.map((uid): Step => ({ ...rest, uid }) as Step);
  if (isOneByOne(request)) return steps.map((step) => [step]);
  if (request.do !== 'restore' || request.to !== undefined) return [steps];
  const shown = new Map(model.shown(request.from).map((message) => [message.uid, message]));
  const groups = Map.groupBy(inOrder, (uid) => {
    const message = shown.get(uid);
    return message !== undefined && 'stay' in message ? message.stay.home.path : '';
  });
  return [...groups.values()].map((members) =>
    members.map((uid): Step => ({ ...rest, uid }) as Step),
  );
}

/**
 * Whether each message is looked at, or written, for itself and in no order. What is expunged in
 * place while it is being looked for may be found in part.
 */
export const isOneByOne = ({ do: verb }: MailRequest): boolean =>
  verb === 'flag' || verb === 'unexpunge' || verb === 'purge';

/** Every order in which the parts of two requests can come. */
export function* orders(
  model: ReferenceMail,
  one: MailRequest,
  other: MailRequest,
): Generator<Step[]> {
  const [first, second] = [stepsOf(model, one), stepsOf(model, other)];
  const all = isOneByOne(one)
    ? inserted(first, second)
    : isOneByOne(other)
      ? inserted(second, first)
      : merged(first, second);
  for (const order of all) yield order.flat();
}

function* merged<T>(one: readonly T[], other: readonly T[]): Generator<T[]> {
  const [first, ...rest] = one;
  const [second, ...others] = other;
  if (first === undefined || second === undefined) {
    yield [...one, ...other];
    return;
  }
  for (const tail of merged(rest, other)) yield [first, ...tail];
  for (const tail of merged(one, others)) yield [second, ...tail];
}

function* inserted<T>(free: readonly T[], fixed: readonly T[]): Generator<T[]> {
  const [first, ...rest] = free;
  if (first === undefined) {
    yield [...fixed];
    return;
  }
  for (const order of inserted(rest, fixed)) {
    for (let place = 0; place <= order.length; place += 1) yield order.toSpliced(place, 0, first);
  }
}
