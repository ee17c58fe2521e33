/** Where the API is and who asks: from options, the environment, or an embedded AWS. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  LOCAL_DIRECTORY,
  type LocalOutputs,
  localDirectoryNamed,
} from '../functions/contract/outputs.ts';
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

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

type EndpointIo = Pick<Io, 'env' | 'cwd'>;

/**
 * The command line says where the API is, by `--url` or `--local`; else the environment does, by
 * LETHE_URL, LETHE_LOCAL or LETHE_LOCAL_DIRECTORY. Two words of one level that name two places are
 * refused: whatever the command does would be done in the wrong one.
 * @throws CliError 64 for options that contradict each other; 78 naming what is missing or
 *   contradicts itself in the environment, and where it can be given
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

function localDirectory(
  { local = false, url }: GlobalOptions,
  { env, cwd }: EndpointIo,
): string | undefined {
  if (local !== false && url !== undefined) {
    throw new CliError(EXIT.usage, '--url and --local: allowed is one of them');
  }
  if (typeof local === 'string' && local !== '') return resolve(cwd, local);
  if (local === false && url !== undefined) return undefined;
  const named = localDirectoryNamed(env);
  if (typeof named === 'object') {
    throw contradicting(`LETHE_LOCAL is ${named[0]} and LETHE_LOCAL_DIRECTORY is ${named[1]}`);
  }
  // `--local` alone says that an embedded AWS is meant, and a variable which one.
  if (local !== false) return resolve(cwd, named ?? LOCAL_DIRECTORY);
  const remote = env['LETHE_URL'] ?? '';
  if (named !== undefined && remote !== '') {
    throw contradicting(`LETHE_URL is ${remote} and an embedded AWS is named, ${named}`);
  }
  return named === undefined ? undefined : resolve(cwd, named);
}

const contradicting = (what: string): CliError =>
  new CliError(EXIT.config, `${what}: which one is meant is not clear`, {
    hint: 'Give --url or --local, or unset one of them.',
  });

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
      ? { hint: `Is it running? Start it with: npm run local -- start -d ${dirname(file)}` }
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
