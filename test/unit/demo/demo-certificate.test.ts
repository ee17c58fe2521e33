import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  InvalidCertificateError,
  readCertificate,
  verifyCertificate,
} from '../../../cli/certificate/verify-certificate.ts';
import { certificatePayload, tamper } from '../../../demo/demo-certificate.ts';

test('U7: a certificate with one message more can be read, and is not valid', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = encode({ alg: 'PS256' });
  const payload = encode({ erased: { messageRows: 3000 }, cost: { dollars: 0.004 } });
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  }).toString('base64url');
  const certificate = JSON.stringify({ payload, protected: header, signature });
  verifyCertificate(readCertificate(certificate), publicKey);
  const changed = tamper(certificate);
  expect(certificatePayload(changed)).toEqual({
    erased: { messageRows: 3001 },
    cost: { dollars: 0.004 },
  });
  expect(() => verifyCertificate(readCertificate(changed), publicKey)).toThrow(
    InvalidCertificateError,
  );
});
