/** Clients of the SDK whose every request a test answers; ended after each test. */
import { afterEach } from 'vitest';
import { type SdkClients, sdkClients } from '../../sdk-clients.ts';
import { type Script, type ScriptedEndpoint, startScriptedEndpoint } from './scripted-endpoint.ts';

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** @param tries of each request: 1 shows what one answer does */
export async function scriptedClients(
  script: Script,
  tries = 1,
): Promise<{ readonly clients: SdkClients; readonly endpoint: ScriptedEndpoint }> {
  const endpoint = await startScriptedEndpoint(script);
  const clients = sdkClients({
    endpoint: endpoint.endpoint,
    region: 'us-east-1',
    accessKeyId: 'scripted',
    secretAccessKey: 'scripted',
    tries,
  });
  ends.push(async () => {
    clients.destroy();
    await endpoint.stop();
  });
  return { clients, endpoint };
}
