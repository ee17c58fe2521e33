/** Where the API is and who asks: from options, the environment, or an embedded AWS. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LocalOutputs } from '../functions/contract/outputs.ts';
import type { Credentials, Endpoint } from './api/transport.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';

export const FORMATS = ['flow', 'table', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export interface GlobalOptions {
  readonly url?: string;
  readonly caFile?: string;
  readonly region?: string;
  /** True: the directory that LETHE_LOCAL names, or the usual one; text: that directory. */
  readonly local?: boolean | string;
  readonly format?: Format;
}

export const LOCAL_DIRECTORY = join('.lethe', 'local');

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

type EndpointIo = Pick<Io, 'env' | 'cwd'>;

/**
 * Options win over the embedded AWS that `--local` names, which wins over the environment.
 * @throws CliError (78) naming what is missing and where it can be given
 */
export async function resolveEndpoint(options: GlobalOptions, io: EndpointIo): Promise<Endpoint> {
  const directory = localDirectory(options, io);
  const local = directory === undefined ? undefined : await readLocal(directory);
  const url = parseUrl(options.url ?? local?.outputs.apiUrl ?? io.env['LETHE_URL']);
  const caFile = options.caFile ?? local?.outputs.caFile ?? io.env['LETHE_CA_FILE'];
  const region =
    options.region ??
    local?.outputs.region ??
    io.env['AWS_REGION'] ??
    io.env['AWS_DEFAULT_REGION'] ??
    regionOfHost(url.hostname);
  if (region === undefined) {
    throw new CliError(EXIT.config, 'which AWS region is not known', {
      hint: 'Give --region or set AWS_REGION.',
    });
  }
  const ca = caFile === undefined ? {} : { ca: await readCa(resolve(io.cwd, caFile)) };
  return { url, region, ...ca, credentials: local?.credentials ?? defaultCredentials() };
}

function localDirectory({ local }: GlobalOptions, { env, cwd }: EndpointIo): string | undefined {
  if (local === false) return undefined;
  // `--local` alone says that an embedded AWS is meant, and the variable which one.
  const given = typeof local === 'string' ? local : env['LETHE_LOCAL'];
  if (local === undefined && given === undefined) return undefined;
  return resolve(cwd, given === undefined || given === '' ? LOCAL_DIRECTORY : given);
}

function parseUrl(text: string | undefined): URL {
  if (text === undefined || text === '') {
    throw new CliError(EXIT.config, 'where the API is, is not known', {
      hint: 'Give --url or set LETHE_URL (the stack output ApiUrl), or use --local.',
    });
  }
  const url = URL.parse(text);
  const allowed =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (url === null || !allowed || url.search !== '' || url.username !== '') {
    throw new CliError(
      EXIT.config,
      `--url: got ${JSON.stringify(text)}, allowed is an https address (http only on this machine)`,
    );
  }
  return url;
}

const regionOfHost = (host: string): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(host)?.[1];

async function readCa(file: string): Promise<string> {
  const pem = await readText(file, 'the CA file');
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new CliError(EXIT.config, `${file} holds no certificate in PEM`);
  }
  return pem;
}

interface Local {
  readonly outputs: Pick<LocalOutputs, 'apiUrl' | 'caFile' | 'region'>;
  readonly credentials: () => Promise<Credentials>;
}

async function readLocal(directory: string): Promise<Local> {
  const outputs = await readJson(join(directory, 'outputs.json'));
  const credentials = await readJson(join(directory, 'credentials.json'));
  const read = (from: Record<string, unknown>, file: string, name: string): string => {
    const value = from[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new CliError(EXIT.config, `${join(directory, file)} has no ${JSON.stringify(name)}`);
  };
  const found: Credentials = {
    accessKeyId: read(credentials, 'credentials.json', 'accessKeyId'),
    secretAccessKey: read(credentials, 'credentials.json', 'secretAccessKey'),
  };
  return {
    outputs: {
      apiUrl: read(outputs, 'outputs.json', 'apiUrl'),
      caFile: resolve(directory, read(outputs, 'outputs.json', 'caFile')),
      region: read(outputs, 'outputs.json', 'region'),
    },
    credentials: async () => found,
  };
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  const text = await readText(file, 'the embedded AWS');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw new CliError(EXIT.config, `${file} is not a JSON object`);
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const hint = file.endsWith('.json')
      ? { hint: 'Is it running? Start it with: npm run local -- start' }
      : {};
    throw new CliError(EXIT.config, `cannot read ${what} at ${file}`, { ...hint, cause });
  }
}

/** The chain of the AWS SDK: environment, profiles, SSO, container and instance roles. */
function defaultCredentials(): () => Promise<Credentials> {
  let chain: Promise<() => Promise<Credentials>> | undefined;
  return async () => {
    // Loaded late: it takes longer than everything else of the command line together.
    chain ??= import('@aws-sdk/credential-providers').then(({ fromNodeProviderChain }) =>
      fromNodeProviderChain(),
    );
    return (await chain)();
  };
}
