/** One file for each message, named by its UID; folders are mailboxes. */
import type { ExportDirectory } from './export-directory.ts';
import type { Brought, FolderJob } from './export-form.ts';
import { bringFiles, type FileNaming, listFiles, syncFolder } from './message-files.ts';

/** Names sort as UIDs do. */
const UID_DIGITS = 10;

const NAME = /^(\d{10})\.eml$/;

const NAMING: FileNaming = {
  uidOf(name) {
    const uid = NAME.exec(name)?.[1];
    return uid === undefined ? undefined : Number(uid);
  },
  nameOf: ({ uid }) => `${String(uid).padStart(UID_DIGITS, '0')}.eml`,
};

const UNCARRIED =
  'has # with flags or keywords, which files alone do not carry: the manifest has them';

/** Brings a mailbox. @param place of the folder, below the directory of the export */
export async function* bringEml(
  directory: ExportDirectory,
  place: string,
  job: FolderJob,
): AsyncGenerator<Brought> {
  await directory.makeFolder(place);
  for (const { uid, flags, keywords } of job.rows) {
    if (flags.length + keywords.length > 0) job.note(UNCARRIED, `UID ${uid}`);
  }
  const folder = { directory, path: place, naming: NAMING };
  yield* bringFiles(folder, (await listFiles(folder)).byUid, job);
  if (!job.stopped()) await syncFolder(folder);
}
