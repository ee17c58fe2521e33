/**
 * Checks a certificate with nothing but a public key: flattened JWS JSON (RFC 7515, 7.2.2),
 * PS256 (RFC 7518, 3.5), so that proof does not depend on whoever issued it being reachable.
 */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SignedCertificate } from '../../functions/contract/api.ts';

/** PS256 uses salts as long as its hash: SHA-256 has 32 bytes. */
const SALT_BYTES = 32;

/** RFC 7518, 3.5: a key of 2048 bits or larger must be used. */
const KEY_BITS_MIN = 2048;

const MEMBERS = ['payload', 'protected', 'signature'] as const;

export class InvalidCertificateError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'InvalidCertificateError';
  }
}

export interface ReadCertificate {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  /** What the signature covers. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a certificate apart without checking its signature.
 * @throws InvalidCertificateError when it is not a flattened JWS that holds JSON objects
 */
export function readCertificate(text: string): ReadCertificate {
  const jws = parseObject(text, 'the file');
  for (const name of MEMBERS) {
    if (typeof jws[name] !== 'string') {
      throw new InvalidCertificateError(`the file has no ${JSON.stringify(name)}`);
    }
  }
  const extra = Object.keys(jws).filter((name) => !MEMBERS.some((member) => member === name));
  if (extra.length > 0) {
    throw new InvalidCertificateError(
      `the file has parts that are not signed: ${extra.join(', ')}`,
    );
  }
  const { payload, protected: header, signature } = jws as unknown as SignedCertificate;
  return {
    header: parseObject(decode(header, 'protected').toString('utf8'), 'the header'),
    payload: parseObject(decode(payload, 'payload').toString('utf8'), 'the payload'),
    signingInput: Buffer.from(`${header}.${payload}`, 'ascii'),
    signature: decode(signature, 'signature'),
  };
}

/**
 * @throws InvalidCertificateError when the signature is not that of the key's owner over exactly
 *   this header and payload, or the algorithm is not PS256
 */
export function verifyCertificate(certificate: ReadCertificate, key: KeyObject): void {
  const { header, signingInput, signature } = certificate;
  // The algorithm is ours, not the file's: a header may only agree with it.
  if (header['alg'] !== 'PS256') {
    const found = JSON.stringify(header['alg']) ?? 'nothing';
    throw new InvalidCertificateError(`the header names the algorithm ${found}, not "PS256"`);
  }
  if ('crit' in header) {
    throw new InvalidCertificateError('the header has critical extensions, which are not known');
  }
  const valid = verify(
    'sha256',
    signingInput,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES },
    signature,
  );
  if (!valid) {
    throw new InvalidCertificateError('the signature does not match: changed, or another key');
  }
}

/**
 * @throws InvalidCertificateError when the text is no RSA public key of at least 2048 bits in PEM
 */
export function readPublicKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new InvalidCertificateError('the key file holds no public key in PEM', { cause });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < KEY_BITS_MIN) {
    throw new InvalidCertificateError(
      `the key is ${key.asymmetricKeyType ?? 'unknown'} of ${bits} bits, needed is rsa of at least ${KEY_BITS_MIN}`,
    );
  }
  return key;
}

/** Node skips what is not base64url; a second spelling of the same bytes is refused here. */
function decode(text: string, member: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) {
    throw new InvalidCertificateError(`${JSON.stringify(member)} is not base64url`);
  }
  return bytes;
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidCertificateError(`${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidCertificateError(`${what} is not a JSON object`);
  }
  return { ...value };
}
