/**
 * Certificates of erasure: what was erased, that re-listing found nothing, what remains elsewhere
 * and until when. They hold ids, counts and times, no personal data, and verify offline with a
 * public key as a flattened JWS (RFC 7515, 7.2.2; PS256 of RFC 7518).
 */
import type { Counts, SignedCertificate } from '../../contract/api.ts';
import { CERTIFICATES_PREFIX } from '../../contract/key-layout.ts';
import type { Signer } from '../ports/signer.ts';

export interface Residue {
  readonly where: string;
  /** ISO 8601; missing where Lethe cannot know. */
  readonly until?: string;
  readonly note: string;
}

export interface Certificate {
  readonly type: 'lethe-erasure-certificate';
  readonly version: 1;
  readonly operationId: string;
  readonly accountId: string;
  readonly requestedAt: string;
  readonly verifiedAt: string;
  readonly issuedAt: string;
  readonly attempts: number;
  readonly erased: Counts;
  readonly verification: {
    readonly prefixesListed: number;
    readonly partitionsListed: number;
    /** Between the last removal and the first listing, as it was, not as it was set. */
    readonly settledSeconds: number;
    /** What each round of listing found; the last is empty. */
    readonly foundByRound: readonly Counts[];
  };
  /** Billed until the certificate was issued; the two last steps and this signature follow. */
  readonly cost: {
    readonly billed: Counts;
    readonly dollars: number;
    /** Date of the price table. */
    readonly pricesOf: string;
  };
  readonly remains: readonly Residue[];
}

const HEADER = { alg: 'PS256', typ: 'lethe-erasure-certificate+jws' } as const;

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const encodeJson = (value: object): string => encode(Buffer.from(JSON.stringify(value)));

export async function signCertificate(
  signer: Signer,
  certificate: Certificate,
): Promise<SignedCertificate> {
  const header = encodeJson(HEADER);
  const payload = encodeJson(certificate);
  const signature = await signer.sign(Buffer.from(`${header}.${payload}`, 'ascii'));
  return { payload, protected: header, signature: encode(signature) };
}

/**
 * Where the certificate lies that an attempt of an operation issues after a round. Each has a name
 * of its own, because evidence is written once: what a later round or attempt erases must be
 * counted by a certificate of its own. No user input is part of it.
 */
export function certificateName(operationId: string, attempt: number, round: number): string {
  const id = operationId.replace(/[^a-z0-9-]/g, '');
  return `${CERTIFICATES_PREFIX}${id}-${attempt}-${round}.json`;
}
