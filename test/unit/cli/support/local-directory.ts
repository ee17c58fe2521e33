/** A directory such as the embedded AWS leaves: the command line finds API and keys in it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.ts';

export const ACCESS_KEY_ID = 'AKIAEXAMPLE';
const SECRET_ACCESS_KEY = 'not-a-secret';
export const REGION = 'eu-central-1';

/** The file is needed, but only read for https. */
const CA = '-----BEGIN CERTIFICATE-----\nnot used over http\n-----END CERTIFICATE-----\n';

export async function makeLocalDirectory(apiUrl: string): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'ca.pem'), CA);
  await writeFile(
    join(directory, 'outputs.json'),
    JSON.stringify({ apiUrl, caFile: 'ca.pem', region: REGION, endpoint: 'unused' }),
  );
  await writeFile(
    join(directory, 'credentials.json'),
    JSON.stringify({ accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }),
  );
  return directory;
}
