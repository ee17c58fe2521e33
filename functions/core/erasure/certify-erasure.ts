/** Issuing the certificate, once for a round of an attempt however often the step is delivered. */
import { uploadsPrefix } from '../../contract/key-layout.ts';
import type { CertifyAnswer, OperationContext } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { type Certificate, certificateName, signCertificate } from '../evidence/certificate.ts';
import { type ResidueSettings, residueOf } from '../evidence/residue.ts';
import { PRICES_OF } from '../meter/prices.ts';
import { shownDollars, shownUsage } from '../meter/usage.ts';
import { billedUsage } from '../operations/metered-step.ts';
import { enterStep, requireRunning, toOperation, updateWrite } from '../operations/operations.ts';
import { erasedCounts } from '../operations/progress.ts';
import type { Ports } from '../ports/ports.ts';
import { number, optionalNumber, textSet } from '../rows/attributes.ts';
import { requirePart } from './erasure-ports.ts';
import { startNextRound } from './rounds.ts';
import { foundByRound, VerificationCursor } from './verification-cursor.ts';
import { readVerified, type Verified } from './verify-erasure.ts';

export interface CertificateSettings extends ResidueSettings {
  /** How long the certificate cannot be deleted by anyone. */
  readonly evidenceLockDays: number;
}

type CertifyPorts = Pick<Ports, 'rows' | 'objects' | 'signer' | 'evidence' | 'clock'>;

/**
 * Signs and stores the certificate, after a last look at the account's uploads: what a slow PUT has
 * left since the verification starts the next round. The name is taken by the first delivery; a
 * later one finds it there and leaves it. One that comes when its round is over signs nothing: the
 * round that goes on is not verified yet.
 * @throws SupersededError
 */
export async function certifyErasure(
  ports: CertifyPorts,
  settings: CertificateSettings,
  context: OperationContext,
): Promise<CertifyAnswer> {
  await enterStep(ports, context, 'Certify erasure');
  const { round } = await requireRunning(ports.rows, context);
  const verified = await readVerified(ports, context.operationId);
  if (verified['round'] !== round) return { outcome: 'nextRound' };
  const found = await foundSince(ports, context, round);
  if (found !== undefined) return await startNextRound(ports, context, round, found);
  const name = certificateName(context.operationId, context.attempt, round);
  if ((await ports.evidence.read(name)) === undefined) {
    const certificate = await makeCertificate(ports, settings, context, verified);
    const signed = await signCertificate(ports.signer, certificate);
    const lockedUntil = ports.clock.now() + settings.evidenceLockDays * DAY_MS;
    await ports.evidence.save(name, Buffer.from(JSON.stringify(signed)), lockedUntil);
  }
  await ports.rows.write(updateWrite(context, { certificate: name }, { round }));
  return { outcome: 'certified' };
}

/**
 * What has come since the verification, for the message; noted with what the round has found, once.
 * What an earlier delivery noted starts the next round as well, though it may have gone by itself.
 */
async function foundSince(
  ports: CertifyPorts,
  context: OperationContext,
  round: number,
): Promise<string | undefined> {
  const late = await lateUploads(ports.objects, context.accountId);
  const cursor = await VerificationCursor.open(ports, context, round);
  const isNoted = Object.keys(cursor.found).length > 0;
  if (late > 0 && !isNoted) await cursor.advance(0, { objectVersions: late });
  return late > 0 || isNoted ? JSON.stringify(cursor.found) : undefined;
}

/** What the first page of the account's uploads that has any entry shows. */
async function lateUploads(objects: Ports['objects'], accountId: string): Promise<number> {
  let after: string | undefined;
  do {
    const { entries, next } = await objects.listVersions(uploadsPrefix(accountId), after);
    if (entries.length > 0) return entries.length;
    after = next;
  } while (after !== undefined);
  return 0;
}

/** An ephemeral deployment does not wait for uploads: then the certificate must not say so (U7). */
function uploadsWere(
  openUntil: number | undefined,
  verifiedFrom: number,
): 'none' | 'waited-for' | 'not-waited-for' {
  if (openUntil === undefined) return 'none';
  return verifiedFrom >= openUntil ? 'waited-for' : 'not-waited-for';
}

async function makeCertificate(
  ports: CertifyPorts,
  settings: CertificateSettings,
  context: OperationContext,
  verified: Verified,
): Promise<Certificate> {
  const { operationId, accountId, attempt } = context;
  const row = requirePart(
    await ports.rows.get(registryKeys.operation(operationId)),
    'operation row',
  );
  const verifiedAt = requirePart(verified['at'], 'time of the verification');
  const startedAt = requirePart(verified['startedAt'], 'start of the verification');
  const usage = await billedUsage(ports.rows, operationId);
  const uploadsUntil = optionalNumber(row, 'uploadsOpenUntil');
  return {
    type: 'lethe-erasure-certificate',
    version: 1,
    operationId,
    accountId,
    requestedAt: new Date(toOperation(row).createdAt).toISOString(),
    verifiedAt: new Date(verifiedAt).toISOString(),
    issuedAt: new Date(ports.clock.now()).toISOString(),
    attempts: attempt,
    erased: await erasedCounts(ports.rows, operationId),
    verification: {
      prefixesListed: requirePart(verified['prefixesListed'], 'number of prefixes'),
      partitionsListed: requirePart(verified['partitionsListed'], 'number of partitions'),
      settledSeconds: Math.floor((startedAt - number(row, 'erasedAt')) / 1000),
      foundByRound: await foundByRound(ports.rows, operationId),
    },
    cost: { billed: shownUsage(usage), dollars: shownDollars(usage), pricesOf: PRICES_OF },
    remains: residueOf(verifiedAt, settings, {
      left: textSet(row, 'cacheHosts'),
      cleared: textSet(row, 'cacheHostsCleared'),
      uploads: uploadsWere(uploadsUntil, startedAt),
    }),
  };
}
