/** `lethe user undelete | disable | enable` */
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { safe } from '../output/text.ts';
import { printAccount } from './user.ts';

/** Takes a deletion back; one that is not being deleted stays as it is. */
export async function undeleteUser(context: Context, user: string): Promise<number> {
  const account = await (await context.client()).undeleteAccount(user);
  await printAccount(context, account);
  const { stderr } = context.io;
  await writeLine(stderr, `${safe(user)} is not being deleted; the account is ${account.state}`);
  return EXIT.ok;
}

export async function setUserEnabled(
  context: Context,
  user: string,
  verb: 'disable' | 'enable',
): Promise<number> {
  const account = await (await context.client()).setAccountEnabled(user, verb);
  await printAccount(context, account);
  return EXIT.ok;
}
