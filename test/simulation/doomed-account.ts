/** A world with an account that is to be deleted, and a neighbour that is not. */
import { classPrefix, mailKey } from '../../functions/contract/key-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import type { Certificate } from '../../functions/core/evidence/certificate.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { furnish, mail } from './mail.ts';
import { CLASSES, World } from './world.ts';

export const USER = 'a@x.co';
/** Whose address, and whose account, begin like the first one's. */
export const NEIGHBOUR = 'a@x.com';

export interface Doomed {
  readonly world: World;
  readonly account: Account;
  readonly neighbour: Account;
}

export async function makeDoomed(
  messages = 12,
  options: ConstructorParameters<typeof World>[0] = {},
): Promise<Doomed> {
  const world = new World(options);
  const account = await furnish(world.ports, CLASSES, USER, messages);
  const neighbour = await furnish(world.ports, CLASSES, NEIGHBOUR, 5);
  await addDebris(world, account.accountId);
  return { world, account, neighbour };
}

/** Several versions of a key, markers, uploads and mail of a class that is deployed no more. */
async function addDebris(world: World, accountId: string): Promise<void> {
  const [first] = world.objects.versions(classPrefix('r30', '0', accountId));
  for (const shard of ['0', 'f']) {
    const key = mailKey('r14', accountId, shard.repeat(32));
    for (let version = 0; version < 9; version += 1) world.objects.addVersion(key, mail('old'));
    world.objects.deleteMarker(key);
    world.objects.startUpload(`uploads/${accountId}/${shard}`);
  }
  if (first !== undefined) world.objects.deleteMarker(first.key);
}

export async function certificateOf(world: World, operationId: string): Promise<Certificate> {
  const signed = await readCertificate(world.ports, operationId);
  return JSON.parse(Buffer.from(signed.payload, 'base64url').toString()) as Certificate;
}

export const operationIdOf = (output: unknown): string =>
  (output as { operation: { operationId: string } }).operation.operationId;
