/** Looking into the stores from outside, as an auditor would: plain listings, no code of Lethe. */
import { DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import {
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import type { LocalOutputs } from '../functions/contract/outputs.ts';
import type { SdkOptions } from '../local/aws-environment.ts';

export interface Listing {
  readonly versions: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
  readonly accountRows: number;
}

/**
 * Walks the whole mail bucket and counts what names the account, then the account's partition.
 * The account id is the third part of every key, so this finds what a list of prefixes might miss.
 */
export async function listAccount(
  outputs: LocalOutputs,
  options: SdkOptions,
  accountId: string,
): Promise<Listing> {
  const s3 = new S3Client(options);
  const dynamodb = new DynamoDBClient(options);
  try {
    const objects = await countObjects(s3, outputs.mailBucket, accountId);
    const accountRows = await countRows(dynamodb, outputs.dictmapTable, `account#${accountId}`);
    return { ...objects, accountRows };
  } finally {
    s3.destroy();
    dynamodb.destroy();
  }
}

async function countObjects(s3: S3Client, bucket: string, accountId: string) {
  let [versions, deleteMarkers] = [0, 0];
  const isOwn = ({ Key = '' }: { readonly Key?: string | undefined }) =>
    Key.split('/').includes(accountId);
  const where: ListObjectVersionsCommandInput = { Bucket: bucket };
  for (let more = true; more; ) {
    const page = await s3.send(new ListObjectVersionsCommand(where));
    versions += (page.Versions ?? []).filter(isOwn).length;
    deleteMarkers += (page.DeleteMarkers ?? []).filter(isOwn).length;
    where.KeyMarker = page.NextKeyMarker;
    where.VersionIdMarker = page.NextVersionIdMarker;
    more = page.IsTruncated === true;
  }
  const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return { versions, deleteMarkers, uploads: (uploads.Uploads ?? []).filter(isOwn).length };
}

async function countRows(client: DynamoDBClient, table: string, pk: string): Promise<number> {
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      Select: 'COUNT',
      ConsistentRead: true,
    },
  );
  let rows = 0;
  for await (const { Count = 0 } of pages) rows += Count;
  return rows;
}
