/** A fake API for each test of a file, and the directory by which `--local` finds it. */
import { afterEach, beforeEach } from 'vitest';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { makeLocalDirectory } from './local-directory.ts';

export interface Fake {
  /** That of the test that runs. */
  readonly api: FakeApi;
  readonly local: string;
}

export function useFakeApi(): Fake {
  let api: FakeApi | undefined;
  let local = '';
  beforeEach(async () => {
    api = await startFakeApi();
    local = await makeLocalDirectory(api.url);
  });
  afterEach(() => api?.close());
  return {
    get api() {
      if (api === undefined) throw new Error('no test is running');
      return api;
    },
    get local() {
      return local;
    },
  };
}
