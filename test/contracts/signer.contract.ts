import { constants, createPublicKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Signer } from '../../functions/core/ports/signer.ts';

const KEY_BITS_MIN = 3072;
const SALT_BYTES = 32;

/** What every signer must do: `PS256` of RFC 7518, verified with Node's own crypto. */
export function signerContract(name: string, makeSigner: () => Promise<Signer>): void {
  describe(`signer: ${name}`, () => {
    let made: Signer | undefined;
    beforeAll(async () => {
      made = await makeSigner();
    });
    const signer = (): Signer => {
      if (made === undefined) throw new Error('the signer was not made');
      return made;
    };
    const verifies = async (
      message: Uint8Array,
      signature: Uint8Array,
      saltLength = SALT_BYTES,
    ): Promise<boolean> => {
      const der = Buffer.from(await signer().publicKey());
      const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return verify('sha256', message, { key, padding, saltLength }, signature);
    };

    test.each([0, 1, 4096, 4097, 1_000_000])(
      'U7: a signature over %d bytes verifies with the public key',
      async (length) => {
        const message = Uint8Array.from({ length }, (_, i) => i % 251);
        expect(await verifies(message, await signer().sign(message))).toBe(true);
      },
    );

    test('U7: nothing else verifies: another message, another salt, a changed byte', async () => {
      const message = new TextEncoder().encode('erased: 20000');
      const signature = await signer().sign(message);
      const other = new TextEncoder().encode('erased: 20001');
      const changed = Uint8Array.from(signature, (byte, i) => (i === 100 ? byte ^ 1 : byte));
      expect(await verifies(message, signature)).toBe(true);
      expect(await verifies(other, signature)).toBe(false);
      expect(await verifies(message, changed)).toBe(false);
      expect(await verifies(message, signature, 20)).toBe(false);
    });

    test('U7: the public key is RSA with at least 3,072 bits, and stays the same', async () => {
      const der = Buffer.from(await signer().publicKey());
      const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
      expect(key.asymmetricKeyType).toBe('rsa');
      expect(key.asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(KEY_BITS_MIN);
      expect(Buffer.from(await signer().publicKey()).equals(der)).toBe(true);
    });
  });
}
