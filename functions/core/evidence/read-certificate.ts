/** Reading certificates and the key that verifies them. */
import type { SignedCertificate } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';
import { requireOperation } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';

/** @throws UnknownOperationError, CertificateMissingError */
export async function readCertificate(
  ports: Pick<Ports, 'rows' | 'evidence'>,
  operationId: string,
): Promise<SignedCertificate> {
  const { certificate, state } = await requireOperation(ports.rows, operationId);
  const bytes = certificate === undefined ? undefined : await ports.evidence.read(certificate);
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
