/**
 * What is billed, and its list price in US dollars in us-east-1, without free tier. Sources: the
 * price lists of Amazon S3 (20260831092225) and Amazon DynamoDB (20260831092153), and the pricing
 * pages of AWS Step Functions, AWS Lambda, AWS KMS and AWS Secrets Manager. Storage is not in it:
 * it is paid for keeping mail, not for what an operation does.
 */
export const PRICES = {
  /** PUT, COPY, POST and LIST, other than DeleteObjects. */
  s3Tier1Requests: 5e-6,
  /** GET and HEAD. */
  s3Tier2Requests: 0.4e-6,
  /** DELETE of an object, and the end of a multipart upload: free. */
  s3DeleteRequests: 0,
  /**
   * DeleteObjects is a POST that deletes, and AWS does not say as which of the two it is billed:
   * counted by itself, and priced as the dearer one. At 1,000 keys each that is $0.005 a million.
   */
  s3DeleteObjectsRequests: 5e-6,
  dynamodbWriteUnits: 0.625e-6,
  dynamodbReadUnits: 0.125e-6,
  /** States entered and retries of Standard executions, those of a map's children included. */
  stateTransitions: 25e-6,
  lambdaRequests: 0.2e-6,
  /** arm64; duration of each invocation, with the start of its sandbox, times its memory. */
  lambdaGigabyteSeconds: 13.3334e-6,
  /** Asymmetric keys other than RSA 2048: $0.15 for 10,000. */
  kmsRequests: 15e-6,
  /** $0.05 for 10,000; reading the key of the mail servers. */
  secretsManagerRequests: 5e-6,
} as const;

/** Date of the price lists. */
export const PRICES_OF = '2026-08-31';

export type UsageName = keyof typeof PRICES;
export const USAGE_NAMES = Object.keys(PRICES) as UsageName[];

/** Of memory: what Lambda bills is told in gigabytes. */
export const MB_PER_GB = 1024;

/** 0.3 s to start a sandbox and load the handler, and a few calls of some 10 ms. */
export const INVOCATION_SECONDS = 0.4;
