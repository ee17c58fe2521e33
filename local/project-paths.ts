import { dirname, join } from 'node:path';

/** The folder that holds package.json. */
export const PROJECT_ROOT = dirname(import.meta.dirname);

/** Everything that the project makes for itself on a machine; never committed. */
export const LETHE_DIRECTORY = join(PROJECT_ROOT, '.lethe');

/** The project's own node (24) and cdk come first in the PATH of everything started here. */
export const BIN_DIRECTORY = join(PROJECT_ROOT, 'node_modules', '.bin');
