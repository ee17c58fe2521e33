/** URLs that whoever has them may use without credentials of their own. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ObjectVersion, PresignedPut } from '../core/ports/object-store.ts';

/** Names of headers by which the SDK announces the checksum of a body. */
const CHECKSUM_HEADER = /^x-amz-(sdk-)?checksum-/;

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
  const { bucket: Bucket, key: Key, sizeBytes: ContentLength } = put;
  const command = new PutObjectCommand({ Bucket, Key, ContentLength });
  leaveOutChecksum(command);
  return {
    url: await getSignedUrl(client, command, { expiresIn: put.seconds }),
    headers: { 'content-length': String(ContentLength) },
  };
}

/** Signs a GET of one version, for where the client itself would send it. */
export async function presignGet(
  client: S3Client,
  bucket: string,
  { key: Key, versionId: VersionId }: ObjectVersion,
  seconds: number,
): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key,
    VersionId,
    ResponseContentType: 'message/rfc822',
    ResponseCacheControl: 'no-store',
  });
  return await getSignedUrl(client, command, { expiresIn: seconds });
}

/**
 * The SDK adds the checksum of a body to each PUT. Here it would be that of the empty body, as the
 * real one is not known yet, and S3 would refuse every other body than that.
 */
function leaveOutChecksum({ middlewareStack }: PutObjectCommand): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      for (const name of Object.keys(headers)) {
        if (CHECKSUM_HEADER.test(name)) delete headers[name];
      }
      return await next(args);
    },
    // After the step that adds the checksum, before the one that signs.
    { step: 'build', priority: 'low' },
  );
}
