/** SDK clients for an endpoint that is not AWS. */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';

interface SdkEndpoint {
  readonly endpoint: string;
  /** Certificate to trust, in PEM; missing for plain HTTP. */
  readonly caFile?: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** How often a client sends a request at most; 3, the SDK's own, when missing. */
  readonly tries?: number;
}

/** Tests that do a hundred things at once must not wait for each other's connections. */
const SOCKETS_MAX = 128;

/** What the constructor of every client takes. */
function clientConfig(target: SdkEndpoint) {
  const { endpoint, region, accessKeyId, secretAccessKey, caFile, tries = 3 } = target;
  const { sessionToken } = target;
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  const base = { endpoint, region, credentials, maxAttempts: tries };
  if (caFile === undefined) return base;
  const httpsAgent = new Agent({
    ca: readFileSync(caFile),
    keepAlive: true,
    maxSockets: SOCKETS_MAX,
  });
  return { ...base, requestHandler: { httpsAgent } };
}

export interface SdkClients {
  readonly dynamoDb: DynamoDBClient;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  /** Closes the connections of all of them. */
  destroy(): void;
}

export function sdkClients(target: SdkEndpoint): SdkClients {
  const config = clientConfig(target);
  const dynamoDb = new DynamoDBClient(config);
  const iam = new IAMClient(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const kms = new KMSClient(config);
  const sfn = new SFNClient(config);
  const sqs = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
  return {
    dynamoDb,
    iam,
    s3,
    kms,
    sfn,
    sqs,
    destroy: () => {
      for (const client of [dynamoDb, iam, s3, kms, sfn, sqs]) client.destroy();
    },
  };
}
