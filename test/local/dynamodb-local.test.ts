import { delimiter } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { dynamoDbLocalAvailable } from '../../local/dynamodb-local.ts';
import { fakeProgram, temporaryDirectory } from './temporary-directory.ts';

afterEach(() => void vi.unstubAllEnvs());

const JAVA = (version: string, modules: string) =>
  `case "$1" in --version) echo "openjdk ${version} 2025-04-15" ;; *) echo "${modules}" ;; esac`;

function reason(programs: Readonly<Record<string, string>>): string | undefined {
  const bin = temporaryDirectory();
  for (const [name, script] of Object.entries(programs)) {
    fakeProgram(bin, name, script);
  }
  vi.stubEnv('PATH', [bin, '/nowhere'].join(delimiter));
  const answer = dynamoDbLocalAvailable();
  return answer.available ? undefined : answer.reason;
}

test.runIf(process.arch === 'x64').each([
  [{}, /no Java/],
  [{ java: JAVA('11.0.2', 'jdk.compiler@11') }, /is 11; JDK 17/],
  [{ java: JAVA('17.0.15', 'java.base@17') }, /without a compiler/],
  [{ java: JAVA('17.0.15', 'jdk.compiler@17') }, /no Maven/],
  [{ java: JAVA('21', 'jdk.compiler@21'), mvn: '' }, undefined],
])('with %j it says what is missing: %s', (programs, wanted) => {
  const said = reason(programs);
  if (wanted === undefined) {
    expect(said).toBeUndefined();
  } else {
    expect(said).toMatch(wanted);
  }
});
