/** `lethe certificate show | key | verify` */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeFacts } from '../certificate/describe-certificate.ts';
import {
  InvalidCertificateError,
  readCertificate,
  readPublicKey,
  verifyCertificate,
} from '../certificate/verify-certificate.ts';
import type { Context } from '../context.ts';
import { CliError, machineError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, write, writeLine } from '../io.ts';

export interface ShowCertificateOptions {
  readonly out?: string;
  readonly raw?: boolean;
}

export interface VerifyCertificateOptions {
  /** Path of the public key. */
  readonly key: string;
}

/** `--raw` and `-f json` print what the API answered; otherwise what the certificate says. */
export async function showCertificate(
  { io, format, client }: Context,
  operationId: string,
  { out, raw }: ShowCertificateOptions,
): Promise<number> {
  const signed = await (await client()).certificate(operationId);
  const text = `${JSON.stringify(signed, undefined, 2)}\n`;
  if (out !== undefined) {
    await writeOut(resolve(io.cwd, out), text);
    await writeLine(io.stderr, `Written to ${out}`);
  }
  if (raw || format === 'json') await write(io.stdout, text);
  else {
    const { header, payload } = dataError(() => readCertificate(text));
    await printFacts(io, header, payload);
    await writeLine(
      io.stderr,
      'The signature was not checked: see lethe certificate verify --help',
    );
  }
  return EXIT.ok;
}

/** @throws CliError 73, 74 or 77 with the path, when the machine cannot */
async function writeOut(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw machineError(error, path) ?? error;
  }
}

export async function showCertificateKey({ io, format, client }: Context): Promise<number> {
  const answer = await (await client()).certificateKey();
  const json = `${JSON.stringify(answer, undefined, 2)}\n`;
  await write(io.stdout, format === 'json' ? json : `${answer.publicKeyPem.trimEnd()}\n`);
  return EXIT.ok;
}

/**
 * Checks a certificate offline.
 * @throws CliError 65 with the reason when it does not hold, 64 when a file cannot be read
 */
export async function verifyCertificateFile(
  { io, format }: Pick<Context, 'io' | 'format'>,
  file: string,
  { key: keyFile }: VerifyCertificateOptions,
): Promise<number> {
  const text = await readInput(io, file);
  const pem = await readInput(io, keyFile);
  const { header, payload } = dataError(() => {
    const certificate = readCertificate(text);
    verifyCertificate(certificate, readPublicKey(pem));
    return certificate;
  });
  if (format === 'json') {
    const answer = { valid: true, header, payload };
    await writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
    return EXIT.ok;
  }
  await writeLine(io.stdout, 'valid: signed by the owner of the key, and unchanged since');
  await printFacts(io, header, payload);
  return EXIT.ok;
}

async function printFacts(
  { stdout }: Pick<Io, 'stdout'>,
  header: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { kid } = header;
  const facts = typeof kid === 'string' ? { signingKey: kid, ...payload } : payload;
  await write(stdout, `${describeFacts(facts).join('\n')}\n`);
}

async function readInput({ cwd }: Pick<Io, 'cwd'>, file: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (cause) {
    const why = machineError(cause)?.message;
    throw new CliError(EXIT.usage, `cannot read ${why ?? file}`, { cause });
  }
}

function dataError<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof InvalidCertificateError)) throw error;
    throw new CliError(EXIT.badData, `invalid certificate: ${error.message}`, { cause: error });
  }
}
