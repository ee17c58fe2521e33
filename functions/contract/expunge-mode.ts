/** What values of `lazyExpunge` mean: a mode, or the name of a storage. */
import { DELIMITER } from './mailbox-names.ts';

/** Values that name no storage, though they would be names. */
const RESERVED: readonly string[] = ['off', 'in-place'];

const LIKE_A_MODE = /^(off|on|in[ _-]?place|no|none|yes|true|false|null|disabled?|enabled?)$/i;

export const hasStorage = (lazyExpunge: string): boolean => !RESERVED.includes(lazyExpunge);

/** Whether somebody who writes this means a mode, by another word. */
export const isLikeMode = (lazyExpunge: string): boolean => LIKE_A_MODE.test(lazyExpunge);

/** The name of the storage without the delimiter that tells a namespace. */
export const storageOf = (lazyExpunge: string): string =>
  lazyExpunge.endsWith(DELIMITER) ? lazyExpunge.slice(0, -DELIMITER.length) : lazyExpunge;
