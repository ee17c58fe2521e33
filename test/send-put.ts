/** What a client does with a presigned URL. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { PresignedPut } from '../functions/core/ports/object-store.ts';

/**
 * Sends bytes without any credentials.
 * @returns whether they were taken
 */
export async function sendPut(
  { url, headers }: PresignedPut,
  body: Uint8Array,
  caFile: string,
): Promise<boolean> {
  const agent = new Agent({ ca: readFileSync(caFile) });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(url, { agent, method: 'PUT', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    })
      .on('error', reject)
      .end(body);
  });
  agent.destroy();
  return status === 200;
}
