import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { SecretsManagerSecrets } from '../../../functions/adapters/secrets-manager-secrets.ts';
import { Meter } from '../../../functions/core/meter/meter.ts';
import { findFreePort } from '../../../local/free-port.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';
import {
  bodyOf,
  fault,
  json,
  type Script,
  type ScriptedEndpoint,
  startScriptedEndpoint,
} from './scripted-endpoint.ts';

const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:lethe/doveadm-a1B2c3';
const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'no', sessionToken: 'token' };

let scripted: ScriptedEndpoint | undefined;
afterEach(() => scripted?.stop());

async function secretsFrom(script: Script) {
  scripted = await startScriptedEndpoint(script);
  const clock = new VirtualClock();
  const meter = new Meter();
  const { endpoint, requests } = scripted;
  return {
    clock,
    requests,
    meter,
    secrets: new SecretsManagerSecrets({
      secretArn,
      clock,
      meter,
      config: { credentials, endpoint },
    }),
  };
}

describe('SecretsManagerSecrets', () => {
  test('asks for the one secret, signed as the function’s role', async () => {
    const { secrets, requests } = await secretsFrom((_, __, response) =>
      json(response, { SecretString: 'the key' }),
    );
    expect(await secrets.read()).toBe('the key');
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', url: '/' });
    expect(request?.headers).toMatchObject({
      'x-amz-target': 'secretsmanager.GetSecretValue',
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request/,
      ),
    });
    expect(bodyOf(request)).toEqual({ SecretId: secretArn });
  });

  test('remembers it for five minutes, unless the present one is wanted', async () => {
    const { secrets, clock, requests } = await secretsFrom((_, number, response) =>
      json(response, { SecretString: `key ${number}` }),
    );
    expect([await secrets.read(), await secrets.read()]).toEqual(['key 0', 'key 0']);
    expect(await secrets.read({ fresh: true })).toBe('key 1');
    expect(await secrets.read()).toBe('key 1');
    clock.advance(300_000);
    expect(await secrets.read()).toBe('key 2');
    expect(requests).toHaveLength(3);
  });

  test('O1: counts the requests that are billed: answered ones, refused or not', async () => {
    const { secrets, meter } = await secretsFrom((_, number, response) => {
      // A server fault is tried once more.
      if (number < 2) json(response, {}, 500);
      else if (number === 2) fault(response, 'AccessDeniedException');
      else json(response, { SecretString: 'the key' });
    });
    await expect(secrets.read()).rejects.toThrow();
    expect(meter.take()).toEqual({});
    await expect(secrets.read()).rejects.toThrow();
    await secrets.read();
    await secrets.read();
    expect(meter.take()).toEqual({ secretsManagerRequests: 2 });
  });

  test.each([
    [(response: Parameters<Script>[2]) => fault(response, 'ResourceNotFoundException'), /Resource/],
    [(response: Parameters<Script>[2]) => fault(response, 'AccessDeniedException'), /AccessDenied/],
    [(response: Parameters<Script>[2]) => json(response, {}, 500), /HTTP status 500/],
    [(response: Parameters<Script>[2]) => json(response, { SecretBinary: 'AA==' }), /binary/],
    [
      (response: Parameters<Script>[2]) => void response.end('no JSON'),
      /SyntaxError \(HTTP status 200\)/,
    ],
  ])('O2: a secret that cannot be had is an error of its own: %#', async (answer, message) => {
    const { secrets } = await secretsFrom((_, __, response) => answer(response));
    await expect(secrets.read()).rejects.toMatchObject({
      name: 'MailServerSecretError',
      message: expect.stringMatching(message),
    });
  });

  test('O2: without a way to Secrets Manager it gives up within seconds', async () => {
    const clock = new VirtualClock();
    const closed = `http://127.0.0.1:${await findFreePort()}`;
    const unreachable = new SecretsManagerSecrets({
      secretArn,
      clock,
      config: { credentials, endpoint: closed },
    });
    await expect(unreachable.read()).rejects.toMatchObject({ name: 'MailServerSecretError' });
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const endpoint = `http://127.0.0.1:${port}`;
    const hanging = new SecretsManagerSecrets({
      secretArn,
      clock,
      config: { credentials, endpoint },
    });
    const begun = Date.now();
    await expect(hanging.read()).rejects.toMatchObject({ name: 'MailServerSecretError' });
    expect(Date.now() - begun).toBeLessThan(5000);
    silent.close();
  });

  test('an ARN of something else is refused at once', () => {
    const make = () =>
      new SecretsManagerSecrets({
        secretArn: 'arn:aws:s3:::bucket',
        clock: new VirtualClock(),
      });
    expect(make).toThrow('not the ARN of a secret');
  });
});
