/** What the demo does with a certificate beside checking it. */
import { readCertificate } from '../cli/certificate/verify-certificate.ts';

interface Payload {
  readonly erased: { readonly messageRows: number };
  readonly cost: { readonly dollars: number; readonly pricesOf: string };
}

/** @param certificate as it was signed */
export const certificatePayload = (certificate: string): Payload =>
  readCertificate(certificate).payload as unknown as Payload;

/** The same certificate with one message more in what was erased, and the old signature. */
export function tamper(certificate: string): string {
  const payload = certificatePayload(certificate);
  const { erased } = payload;
  const changed = { ...payload, erased: { ...erased, messageRows: erased.messageRows + 1 } };
  const encoded = Buffer.from(JSON.stringify(changed)).toString('base64url');
  return `${JSON.stringify({ ...JSON.parse(certificate), payload: encoded }, undefined, 2)}\n`;
}
