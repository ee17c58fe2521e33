/** What the global setup of the tests provides, by name for `inject`. */
import type { LocalOutputs } from '../functions/contract/outputs.ts';
import type { OperatorCredentials } from '../local/instance-files.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The embedded AWS that all tests of a run share. */
    ministack: {
      readonly endpoint: string;
      /** The certificate its TLS endpoint shows, in PEM. */
      readonly caFile: string;
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
    };
    /** The same, as an operator of the deployed app sees it. */
    lethe: {
      readonly directory: string;
      readonly outputs: LocalOutputs;
      readonly credentials: OperatorCredentials;
    };
    /** Whether this run has all end-to-end tests in it. */
    wholeSuite: boolean;
  }
}
