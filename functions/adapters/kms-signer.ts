import { createHash } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { Signer } from '../core/ports/signer.ts';
import { answered } from './store-faults.ts';

const ALGORITHM = 'RSASSA_PSS_SHA_256';

/** Signs with an asymmetric RSA key of KMS; a salt of 32 bytes is what KMS always takes. */
export class KmsSigner implements Signer {
  readonly #client: KMSClient;
  readonly #keyId: string;

  /** `keyId`: id, ARN or alias of a key made for SIGN_VERIFY. */
  constructor(options: { readonly client: KMSClient; readonly keyId: string }) {
    this.#client = options.client;
    this.#keyId = options.keyId;
  }

  /** The digest is sent, not the message: KMS takes at most 4,096 bytes of message. */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    const answer = await answered('signing', () =>
      this.#client.send(
        new SignCommand({
          KeyId: this.#keyId,
          Message: createHash('sha256').update(message).digest(),
          MessageType: 'DIGEST',
          SigningAlgorithm: ALGORITHM,
        }),
      ),
    );
    if (answer.Signature === undefined) throw new Error('KMS answered no signature.');
    return answer.Signature;
  }

  async publicKey(): Promise<Uint8Array> {
    const answer = await answered('reading the public key', () =>
      this.#client.send(new GetPublicKeyCommand({ KeyId: this.#keyId })),
    );
    if (answer.PublicKey === undefined) throw new Error('KMS answered no public key.');
    return answer.PublicKey;
  }
}
