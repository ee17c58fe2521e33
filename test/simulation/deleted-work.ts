/** A deleted folder, and ports in which something happens in the midst of what is asked of it. */

import { createAccount } from '../../functions/core/accounts/create-account.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import type { Write } from '../../functions/core/ports/row-store.ts';
import { FolderDesk } from './folder-desk.ts';
import { CLASSES } from './world.ts';

/** A desk with three messages in Work and Work/a, which are deleted; others have an account too. */
export async function deletedWork(
  ...others: string[]
): Promise<{ desk: FolderDesk; deletionId: string }> {
  const desk = await FolderDesk.make('Work', 'Work/a');
  for (const user of others) await createAccount(desk.world.ports, CLASSES, { user });
  await desk.deliver('Work', 'one');
  await desk.deliver('Work/a', 'two');
  await desk.deliver('Work', 'three');
  const { deletionId } = await desk.remove('Work');
  return { desk, deletionId };
}

export const isOf =
  (type: string) =>
  (writes: readonly Write[]): boolean =>
    writes.some((write) => write.kind === 'put' && write.attributes['type'] === type);

/** Ports in which something else happens before the first transaction of a kind, or after it. */
export function portsWith(
  desk: FolderDesk,
  isMeant: (writes: readonly Write[]) => boolean,
  happens: () => Promise<unknown>,
  when: 'before' | 'after' = 'before',
): MessagePorts {
  let left = 1;
  const { rows } = desk.world;
  const transact: typeof rows.transact = async (writes) => {
    const isNow = left > 0 && isMeant(writes);
    if (isNow) left -= 1;
    if (isNow && when === 'before') await happens();
    const result = await rows.transact(writes);
    if (isNow && when === 'after') await happens();
    return result;
  };
  const wrapped = new Proxy(rows, {
    get: (target, name) => {
      if (name === 'transact') return transact;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { ...desk.ports, rows: wrapped };
}

export function never(): never {
  throw new Error('no such row');
}
