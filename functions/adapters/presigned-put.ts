import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import type { PresignedPut } from '../core/ports/object-store.ts';

/** Whoever gets the URL does not know the hash of the body when it is signed. */
const UNSIGNED_PAYLOAD = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };

/** The parts of a request of the SDK that a URL is made of. */
interface BuiltRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
}

/**
 * Signs a PUT of exactly so many bytes by the client's credentials, for where the client itself
 * would send it. The length is signed, so S3 refuses any other.
 */
export async function presignPut(
  client: S3Client,
  put: {
    readonly bucket: string;
    readonly key: string;
    readonly sizeBytes: number;
    readonly seconds: number;
  },
): Promise<PresignedPut> {
  const { hostname, port, method, protocol, path, query } = await built(client, put);
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  const headers = { 'content-length': String(put.sizeBytes) };
  const { region, credentials, sha256 } = client.config;
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256,
    // S3 signs the path as it is sent.
    uriEscapePath: false,
  });
  const signed = await signer.presign(
    {
      method,
      protocol,
      hostname,
      path,
      headers: { host, ...headers, ...UNSIGNED_PAYLOAD },
      ...(port === undefined ? {} : { port }),
      ...(query === undefined ? {} : { query }),
    },
    { expiresIn: put.seconds },
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(signed.query ?? {})) search.set(name, String(value));
  // Spaces as %20: a plus sign is one only in forms.
  const text = search.toString().replaceAll('+', '%20');
  return { url: `${protocol}//${host}${path}?${text}`, headers };
}

/** The request as the client builds it, endpoint included; it is not sent. */
async function built(
  client: S3Client,
  { bucket, key }: { readonly bucket: string; readonly key: string },
): Promise<BuiltRequest> {
  let request: BuiltRequest | undefined;
  const command = new PutObjectCommand({ Bucket: bucket, Key: key });
  command.middlewareStack.add(
    () => async (args) => {
      request = args.request as BuiltRequest;
      return { response: {}, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'high' },
  );
  await client.send(command);
  if (request === undefined) throw new Error('the S3 client built no request to sign');
  return request;
}
