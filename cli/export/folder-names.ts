/**
 * Names of mailboxes as names of files. No name leads out of the directory, and no two meet: what a
 * form cannot hold is escaped, and what is too long is cut, with a digest of the whole name.
 */
import { createHash } from 'node:crypto';
import { DELIMITER, INBOX, normalName } from '../../functions/contract/mailbox-names.ts';
import { decodedLevel } from '../import/dovecot-files.ts';
import { encodeModifiedUtf7 } from '../import/modified-utf7.ts';
import type { ExportForm } from './export-form.ts';

/** Of one name on the file systems that there are. */
const NAME_BYTES_MAX = 255;

/** What an export keeps for itself begins so. */
export const OWN_PREFIX = 'lethe-export';

/** 64 bits: no two of a million names have the same by chance. */
const DIGEST_DIGITS = 16;

const ENDINGS = { mbox: '.mbox', eml: '.eml' } as const;

/** By these directories a Maildir is known. */
const PARTS_OF_MAILDIR = /^(?:cur|new|tmp)$/i;

export interface FolderPlace {
  /** Below the directory of the export; empty for the directory itself. */
  readonly path: string;
  /** Why a reader of the form shows another name, if so. */
  readonly note?: string;
}

export interface NamePlan {
  readonly places: ReadonlyMap<string, FolderPlace>;
  /** Mailboxes whose places are one where case does not count. */
  readonly meeting: readonly (readonly string[])[];
}

export interface NameOptions {
  readonly form: ExportForm;
  /** Maildir: names in UTF-8 instead of modified UTF-7. */
  readonly utf8?: boolean;
}

/** Where each mailbox goes. */
export function planNames(mailboxes: readonly string[], options: NameOptions): NamePlan {
  const places = new Map(mailboxes.map((path) => [path, placeOf(path, options)]));
  const byKey = Map.groupBy(mailboxes, (path) => places.get(path)?.path.toLowerCase() ?? '');
  return { places, meeting: [...byKey.values()].filter((paths) => paths.length > 1) };
}

function placeOf(path: string, { form, utf8 = false }: NameOptions): FolderPlace {
  if (form === 'maildir') {
    if (path === INBOX) return { path: '' };
    const name = `.${maildirName(path.split(DELIMITER), utf8)}`;
    if (isLegal(path) && fits(name)) return { path: name };
    return {
      path: `.${digestName(path)}`,
      note: 'has a name that no folder of a Maildir can have',
    };
  }
  const levels = path.split(DELIMITER);
  const encoded = levels.map((level, at) => {
    const ending = form === 'mbox' && at === levels.length - 1 ? ENDINGS.mbox : '';
    const name = `${treeLevel(level, at === 0, ENDINGS[form])}${ending}`;
    return isLegal(level) && fits(name) ? name : `${digestName(level)}${ending}`;
  });
  const place = encoded.join('/');
  const plain = form === 'mbox' ? `${path}${ENDINGS.mbox}` : path;
  return place === plain ? { path: place } : { path: place, note: 'has a name that is escaped' };
}

/** `Sub/Folder` as `Sub.Folder`. */
export const maildirName = (levels: readonly string[], utf8: boolean): string =>
  levels.map((level) => maildirLevel(level, utf8)).join('.');

/** The server takes no other names; whatever it says is looked at before it becomes one on disk. */
const isLegal = (path: string): boolean => normalName(path) !== undefined && path.isWellFormed();

const fits = (name: string): boolean => Buffer.byteLength(name) <= NAME_BYTES_MAX;

const digestName = (text: string): string =>
  `long-name-${createHash('sha256').update(text).digest('hex').slice(0, DIGEST_DIGITS)}`;

const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, '0');

/**
 * A dot separates levels, so it is escaped as the plugin listescape of Dovecot does it, and so is the
 * backslash that begins an escape. `\2f` stands for itself: it is what a slash became.
 */
function maildirLevel(level: string, utf8: boolean): string {
  const escaped = level
    .replace(/\\(?!2f)/g, '\\5c')
    .replace(/[./\p{Cc}]/gu, (character) => `\\${hex(character)}`);
  if (!utf8) return encodeModifiedUtf7(escaped);
  // In UTF-8 a name may look like one in modified UTF-7.
  return decodedLevel(escaped) === level ? escaped : escaped.replaceAll('&', '\\26');
}

/**
 * A level of a tree of directories. A leading dot would hide it or lead upwards, what ends as files
 * of messages do could meet one, and what an export keeps for itself is its own.
 */
function treeLevel(level: string, isFirst: boolean, ending: string): string {
  const escaped = level
    .replace(/%(?=[0-9a-f]{2})/g, '%25')
    .replace(/^\.|[/\p{Cc}]/gu, (character) => `%${hex(character)}`);
  const own =
    PARTS_OF_MAILDIR.test(escaped) || (isFirst && escaped.toLowerCase().startsWith(OWN_PREFIX));
  const whole = own ? `%${hex(escaped)}${escaped.slice(1)}` : escaped;
  if (!whole.toLowerCase().endsWith(ending)) return whole;
  const stem = whole.slice(0, whole.length - ending.length);
  return `${stem}%2e${whole.slice(stem.length + 1)}`;
}
