/**
 * Bundles every handler in one run of esbuild: a run for each, as NodejsFunction does it, takes a
 * second a piece, which is most of the time of a synth.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/** Contents of files that go beside a handler, by their names. */
export type HandlerFiles = Readonly<Record<string, string>>;

/** The code of a handler, by its name such as `erase-range`; its module is `index`. */
export type HandlerCode = (name: string, files?: HandlerFiles) => Code;

const HANDLERS_DIRECTORY = fileURLToPath(new URL('../functions/handlers/', import.meta.url));

/** Some packages call `require` although they are bundled as modules. */
const REQUIRE =
  "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * Bundles `functions/handlers/*.ts` below a directory, one directory for each.
 * @throws Error from esbuild, naming file and line, when a handler does not compile.
 */
export function bundleHandlers(directory: string): HandlerCode {
  const names = readdirSync(HANDLERS_DIRECTORY)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  buildSync({
    entryPoints: names.map((name) => ({
      in: join(HANDLERS_DIRECTORY, `${name}.ts`),
      out: join(name, 'index'),
    })),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    minify: true,
    // Retry and Catch match errors by name, which minification would change.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
  return (name, files = {}) => {
    if (!names.includes(name))
      throw new Error(`there is no handler ${HANDLERS_DIRECTORY}${name}.ts`);
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(directory, name, file), content);
    }
    return Code.fromAsset(join(directory, name));
  };
}
