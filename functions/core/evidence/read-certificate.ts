/** Reading certificates and the key that verifies them. */
import type { SignedCertificate } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';
import { type Operation, requireOperation } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * The certificate that an operation names, once it has succeeded: one that was signed before, by an
 * attempt that failed after all, counts less than was erased, or says clean what was not (U7).
 * @throws UnknownOperationError, CertificateMissingError
 */
export async function readCertificate(
  ports: Pick<Ports, 'rows' | 'evidence'>,
  operationId: string,
): Promise<SignedCertificate> {
  const operation = await requireOperation(ports.rows, operationId);
  const { certificate, state } = operation;
  const counts = state === 'succeeded' && certificate !== undefined;
  const bytes = counts ? await ports.evidence.read(certificate) : undefined;
  if (bytes !== undefined) return JSON.parse(Buffer.from(bytes).toString()) as SignedCertificate;
  const [why, next] = whyMissing(operation);
  const message = `operation ${operationId} has no certificate: ${why}`;
  throw new LetheError(ERROR_NAMES.certificateMissing, message, next);
}

/** @returns why an operation has none, and what to do about it */
function whyMissing({ verb, state }: Pick<Operation, 'verb' | 'state'>): readonly [string, string] {
  if (verb !== 'delete-account') {
    return [`it is one of ${verb}`, 'Only deletions of accounts are certified.'];
  }
  if (state === 'failed') return ['it failed', 'Resume the operation: with its success comes one.'];
  if (state === 'succeeded') {
    return [
      'the evidence has none any more',
      'Look for a copy: it could be removed once its lock ended.',
    ];
  }
  // The row cannot tell whether its execution was stopped; whoever shows the operation asks.
  return ['it has not come to its end', 'Look at the operation: it runs, or it was stopped.'];
}

/** SubjectPublicKeyInfo in PEM (RFC 7468), as openssl and node:crypto read it. */
export async function certificateKeyPem(ports: Pick<Ports, 'signer'>): Promise<string> {
  const base64 = Buffer.from(await ports.signer.publicKey()).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
