/**
 * List prices of us-east-1 in US dollars, without free tier. Sources: the price lists of Amazon S3
 * (20260831092225) and Amazon DynamoDB (20260831092153), and the pricing pages of AWS Step
 * Functions, AWS Lambda and AWS KMS.
 */
export const PRICES = {
  /** Date of the price lists. */
  of: '2026-08-31',
  dynamodbWriteUnit: 0.625e-6,
  dynamodbReadUnit: 0.125e-6,
  /** PUT, COPY, POST, LIST. DELETE is free. */
  s3Tier1Request: 5e-6,
  stateTransition: 25e-6,
  lambdaRequest: 0.2e-6,
  /** arm64. */
  lambdaGigabyteSecond: 13.3334e-6,
  /** Asymmetric keys other than RSA 2048: $0.15 for 10,000. */
  kmsAsymmetricRequest: 15e-6,
} as const;
