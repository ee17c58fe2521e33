#!/usr/bin/env node
/**
 * The command line `lethe`: see `lethe --help`.
 *
 * Modules come compiled from a cache after the first run, which halves the time to start. The
 * cache is the user's own: in a directory shared by all, others could put code into it.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lethe'));
await import('./main.ts');
