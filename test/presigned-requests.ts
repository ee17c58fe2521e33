/** What a client does with presigned URLs. */
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

/** @returns what the URL leads to, undefined when it is refused */
export async function openUrl(url: string, caFile: string): Promise<Uint8Array | undefined> {
  const agent = new Agent({ ca: readFileSync(caFile) });
  const body = await new Promise<Uint8Array | undefined>((resolve, reject) => {
    request(url, { agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve(answer.statusCode === 200 ? new Uint8Array(Buffer.concat(chunks)) : undefined),
      );
    })
      .on('error', reject)
      .end();
  });
  agent.destroy();
  return body;
}
