/** Reading certificates and the key that verifies them. */
import type { SignedCertificate } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';
import { requireOperation } from '../operations/operations.ts';
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
  const { certificate, state } = await requireOperation(ports.rows, operationId);
  const counts = state === 'succeeded' && certificate !== undefined;
  const bytes = counts ? await ports.evidence.read(certificate) : undefined;
  if (bytes !== undefined) return JSON.parse(Buffer.from(bytes).toString()) as SignedCertificate;
  throw new LetheError(
    ERROR_NAMES.certificateMissing,
    `operation ${operationId} is ${state} and has no certificate`,
    'Wait for the operation to succeed.',
  );
}

/** SubjectPublicKeyInfo in PEM (RFC 7468), as openssl and node:crypto read it. */
export async function certificateKeyPem(ports: Pick<Ports, 'signer'>): Promise<string> {
  const base64 = Buffer.from(await ports.signer.publicKey()).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
