import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { LETHE_DIRECTORY } from './project-paths.ts';
import { lastLines, runCommand } from './run-command.ts';

/** 3.2 and 3.3 depend on artifacts that Maven Central does not have. */
const VERSION = '3.1.0';
const COPY_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const OLDEST_JAVA = 17;
/** 48 MB from Maven Central: 30 s on a good line. */
const DOWNLOAD_DEADLINE_SECONDS = 900;
/** It answers after 1.5 s on two idle cores. */
const START_DEADLINE_SECONDS = 60;
const STOP_DEADLINE_SECONDS = 10;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>lethe</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>software.amazon.dynamodb</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

export type DynamoDbLocalAvailability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string };

export interface DynamoDbLocal {
  /** `http://127.0.0.1:<port>`; it accepts any credentials and keeps everything in memory. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Whether this machine has what DynamoDB Local needs: a JDK 17 or newer and Maven, on x86-64. */
export function dynamoDbLocalAvailable(): DynamoDbLocalAvailability {
  // sqlite4java, its storage engine, comes from Maven Central as an x86-64 library only.
  if (process.arch !== 'x64') {
    return unavailable(
      `its database library is built for x86-64 only, and this is ${process.arch}`,
    );
  }
  const java = spawnSync('java', ['--version'], { encoding: 'utf8' });
  if (java.error !== undefined || java.status !== 0) {
    return unavailable(`no Java on the PATH (JDK ${OLDEST_JAVA} or newer is needed)`);
  }
  const major = Number(/^\S+ (\d+)/.exec(java.stdout)?.[1] ?? 0);
  if (major < OLDEST_JAVA) {
    return unavailable(`the Java on the PATH is ${major}; JDK ${OLDEST_JAVA} or newer is needed`);
  }
  // LoopbackDynamoDb.java is compiled as it is started, which a runtime without compiler cannot do.
  const modules = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
  if (!/^jdk\.compiler\b/m.test(modules.stdout ?? '')) {
    return unavailable('the Java on the PATH is a runtime without a compiler; a JDK is needed');
  }
  if (findOnPath('mvn') === undefined) {
    return unavailable('no Maven (mvn) on the PATH to fetch it with');
  }
  return { available: true };
}

/**
 * Starts DynamoDB Local in memory on a free port of 127.0.0.1; fetches it first when that was not
 * done before. It ends with `stop`, and also when this process ends in any way, because it reads
 * its standard input from here (see LoopbackDynamoDb.java).
 *
 * @throws LocalEnvironmentError when it cannot be fetched or does not start.
 */
export async function startDynamoDbLocal(
  options: { readonly log?: (line: string) => void } = {},
): Promise<DynamoDbLocal> {
  const availability = dynamoDbLocalAvailable();
  if (!availability.available) {
    throw new LocalEnvironmentError(
      `DynamoDB Local cannot run here: ${availability.reason}.`,
      'on Debian and Ubuntu: apt-get install default-jdk-headless maven',
    );
  }
  const lib = await fetchDynamoDbLocal(options.log ?? (() => {}));
  const child = spawn(
    'java',
    [
      '-XX:TieredStopAtLevel=1', // It lives for seconds: quick compilation starts it sooner.
      `-Djava.library.path=${lib}`,
      ...['-cp', join(lib, '*'), join(import.meta.dirname, 'LoopbackDynamoDb.java')],
      ...['-inMemory', '-disableTelemetry'],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const port = await waitForPort(child);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_SECONDS * 1000);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Copies the jars and native libraries into the project's own directory, once. */
async function fetchDynamoDbLocal(log: (line: string) => void): Promise<string> {
  const directory = join(LETHE_DIRECTORY, 'dynamodb-local');
  const lib = join(directory, 'lib');
  const stampFile = join(directory, 'stamp');
  const stamp = createHash('sha256').update(POM).digest('hex');
  const isReady = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isReady()) {
    return lib;
  }
  await withFileLock(
    join(LETHE_DIRECTORY, 'dynamodb-local.lock'),
    DOWNLOAD_DEADLINE_SECONDS,
    () => log('Another process is fetching DynamoDB Local; waiting for it ...'),
    async () => {
      if (isReady()) {
        return;
      }
      log(`Fetching DynamoDB Local ${VERSION} with Maven (once, 48 MB) ...`);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'pom.xml'), POM);
      const result = await runCommand(
        'mvn',
        [
          ...['--quiet', '--batch-mode', '--strict-checksums', COPY_GOAL],
          ...[`-DoutputDirectory=${lib}`, '-DincludeScope=runtime'],
        ],
        { cwd: directory, deadlineSeconds: DOWNLOAD_DEADLINE_SECONDS },
      );
      if (result.code !== 0) {
        throw new LocalEnvironmentError(
          `DynamoDB Local could not be fetched:\n${lastLines(result.output)}`,
          'check the network (and the proxy or mirror in ~/.m2/settings.xml), then run the same command again.',
        );
      }
      writeFileSync(stampFile, stamp);
    },
  );
  return lib;
}

function waitForPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (what: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(
        new LocalEnvironmentError(
          `DynamoDB Local did not start: ${what}.\n${lastLines(output)}`,
          `remove ${join(LETHE_DIRECTORY, 'dynamodb-local')} to have it fetched anew, and see the lines above.`,
        ),
      );
    };
    const timer = setTimeout(
      () => fail(`no answer within ${START_DEADLINE_SECONDS} s`),
      START_DEADLINE_SECONDS * 1000,
    );
    const take = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      const port = /^listening on port (\d+)$/m.exec(output)?.[1];
      if (port !== undefined) {
        clearTimeout(timer);
        resolve(Number(port));
      }
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`it ended with ${code}`));
  });
}

function findOnPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => existsSync(path));
}

function unavailable(reason: string): DynamoDbLocalAvailability {
  return { available: false, reason };
}
