import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Signer } from '../../functions/core/ports/signer.ts';

const SALT_BYTES = 32;

/** Made once per process: a key of 3,072 bits takes a good part of a second. */
let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

function keyPair() {
  pair ??= generateKeyPairSync('rsa', { modulusLength: 3072 });
  return pair;
}

/** Signs with a real key, so that certificates can be verified as anywhere else. */
export class MemorySigner implements Signer {
  async sign(message: Uint8Array): Promise<Uint8Array> {
    return sign('sha256', message, {
      key: keyPair().privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: SALT_BYTES,
    });
  }

  async publicKey(): Promise<Uint8Array> {
    return keyPair().publicKey.export({ type: 'spki', format: 'der' });
  }
}
