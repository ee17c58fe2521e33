/** Longer texts of `lethe --help`. */
import { MESSAGE_QUERY_MEMBERS, RESTORE_QUERY_MEMBERS } from './query-terms.ts';

export const EPILOGUE = `
Where the API is: --url, or --local for the embedded AWS that "npm run local -- start" runs. Without
them, LETHE_URL, or LETHE_LOCAL or LETHE_LOCAL_DIRECTORY, which name the directory of an embedded
AWS; --local alone takes that, else .lethe/local. Two that name two places are refused. The region is
--region or AWS_REGION. Requests are signed with the usual AWS credentials (environment, profile, SSO,
role).

Data goes to standard output, progress and errors to standard error. -f json is exact.

Exit codes: 0 done, 64 wrong usage, 65 bad data or something skipped, 67 no such user,
68 nothing of that name, 69 server unreachable, 70 fault, 73 cannot create a file or directory,
74 the disk is full or cannot be read, 75 try again later or operation failed, 77 not permitted,
78 wrong settings, 130 interrupted.`;

export const IMPORT_HELP = `
Maildir   as Dovecot, mbsync and others write it: Maildir++ (.Sub.Folder), a tree (LAYOUT=fs), or
          both; flags, keywords, subscriptions, and UIDs with UIDVALIDITY where the mailbox can
          take them (it is new, or has not given a UID yet); the internal date is the file's.
mbox      one mailbox (INBOX, or --mailbox), also in gzip and through a pipe; the internal date is
          that of the From line, else of the Date header. Status, X-Status, X-Mozilla-Status and
          -Keys and X-Gmail-Labels become flags and keywords; Content-Length counts where it fits.
.eml      subfolders are mailboxes; the internal date is that of the Date header (a zone without a
          meaning is UTC), or the file's. One message by itself is a source, too.

Mail of other stores, compressed or encrypted ones: let Dovecot write a Maildir first
(doveadm backup -u USER maildir:DIR).

Missing mailboxes are created. Messages are stored byte for byte as they are in the files. What may
be mail and cannot be brought is left out, each with its reason: messages of more than 64 MiB, files
that cannot be read, symbolic links (none is followed). What lies beside mail and is none is listed.

An import that was interrupted, or is run again later, brings what is missing and nothing twice: it
compares with what is stored, by UID and content, or by content where there are no UIDs to keep.
Flags of messages that are there already are not changed, and messages that were expunged from the
account meanwhile come again, with new UIDs. At the end both sides are compared: messages, bytes, a digest over all
messages, UIDs. A line of a mailbox says what is missing in it. Equal is said of all together, and
only when all that lies on disk was stored or is there: also what is in no mailbox. What else the
account holds is no difference. 65 when something was left out or is missing; 77 over quota.

Examples:
  lethe import -u john@example.com ~/Maildir
  lethe import -u john@example.com --verify-only ~/Maildir
  lethe import -u john@example.com --mailbox-prefix Archive old-mail.mbox`;

export const EXPORT_HELP = `
maildir   Maildir++ as Dovecot reads it: UIDs and UIDVALIDITY (dovecot-uidlist), flags in the names
          of files, keywords (dovecot-keywords, 26 in a folder), internal dates as times of files,
          subscriptions. A dot within a level of a name is written \\2e, as listescape does.
mbox      one file for each mailbox (Work/2026.mbox), From_ lines quoted with > (mboxrd), flags,
          keywords and UIDs in Status, X-Status, X-Keywords, X-UID and X-IMAPbase. An import takes
          each file by itself, with --mailbox.
eml       one file for each message, named by its UID; its time is the internal date. Flags and
          keywords are in the manifest alone.

Each message is fetched, compared with the digest that the account has, written beside, and given
its name once it is on the disk. Then the account is looked at again, and what is on disk read back,
until one look finds nothing to do: only that is "complete". What comes meanwhile is brought by the
next look; what went meanwhile stays in DIR and is marked. The manifest, lethe-export.jsonl, names
each message with mailbox, UID, UIDVALIDITY, size, SHA-256, date, flags and path; it is there only
when the last run came to its end, and its last line has the totals. lethe-export.d is for later runs.

An export that was interrupted, or is run again later, goes on: nothing comes twice. DIR is new,
empty, or an export of the same account in the same form. Not exported, and said so: what is in the
expunge storage or was expunged in place, and deleted folders. 65 when it is not complete, 73 when DIR
cannot be used, 74 when the disk is full.

Examples:
  lethe export -u john@example.com ./john
  lethe export -u john@example.com --form mbox --dry-run ./john-mbox`;

const TIMES_AND_QUERIES = `
A time is one ago (12h, 1d, 2weeks), a date (2026-11-01: its midnight in UTC), or ISO 8601. UIDs are
written 7, 1,3-5 or 1:*. Options that say what to look for add to --query; all of them must hold.`;

export const SEARCH_HELP = `${TIMES_AND_QUERIES}

${MESSAGE_QUERY_MEMBERS}
Patterns: * is any name, % one level. Rows hold the beginnings of headers: messages of which they do not
tell whether they are meant are counted and left alone.
65 when there is more than the list holds.

Examples:
  lethe message search -u john@example.com --mailbox 'Work*' --subject invoice
  lethe message search -u john@example.com --query '{"or": [{"from": "a@x"}, {"to": "a@x"}]}'`;

export const FLAG_HELP = `
A word with a backslash is a system flag (\\Seen \\Answered \\Flagged \\Deleted \\Draft), any other
a keyword. What --as may not change is left out without an error. UIDs are written 7, 1,3-5 or 1:*.

Example:
  lethe message flag -u john@example.com -m INBOX --uid 1,3-5 --add '\\Seen' --remove todo`;

export const COPY_HELP = `
UIDs are written 7, 1,3-5 or 1:*; those that are not there are left out. A move into the expunge storage
is an expunge. 75 when it did not come to an end: give the UIDs that are left once more.`;

export const EXPUNGE_HELP = `
Mail goes to the expunge storage where the settings say so, or stays in place, unseen. What is in the
storage already, and what is not kept, is gone for good, as everything is with --bypass-expunge-storage.
${TIMES_AND_QUERIES}

A query names mailboxes, itself or by --mailbox; what matches when the command reaches it goes. Where
it takes several requests, mail saved within the minute before the start may be left.
75 when it did not come to an end: give the same command again.

Examples:
  lethe message expunge -u john@example.com -m Trash --deleted
  lethe message expunge -u john@example.com -m Trash --saved-before 30d --dry-run
  lethe message expunge -u john@example.com --yes \\
    --query '{"mailbox": ".EXPUNGED", "savedBefore": {"secondsAgo": 86400}}'`;

export const RESTORE_HELP = `
Messages go back to the folder they came from, or to --to. UIDs are those of the storage.
${TIMES_AND_QUERIES}

${RESTORE_QUERY_MEMBERS} {} is all.
75 when it did not come to an end: give the same command again, but with --keep only for the rest.

Examples:
  lethe message restore -u john@example.com -m .EXPUNGED --uid 1,3-5
  lethe message restore -u john@example.com --origin Work --expunged-since 2d --dry-run`;

export const DELETE_MAILBOX_HELP = `
With deleteMode delayed (the default) a mailbox is set aside with all that is in it: "mailbox deleted"
lists it, "mailbox undelete" brings it back until it is purged, and with it what was expunged in place
there, for "message unexpunge". With children it goes only with --recursive. With deleteMode immediate
its messages are expunged, then it goes; without --recursive its name stays for its children.

INBOX is not its owner's to delete; an administrator's deletion leaves an empty one. The expunge
storage is deleted by administrators only, for good. 75 when it did not come to an end: give the
same command again.

Examples:
  lethe mailbox delete -u john@example.com Work --recursive --dry-run
  lethe mailbox delete -u john@example.com Work --recursive --yes
  lethe mailbox delete -u john@example.com --all`;

export const UNDELETE_HELP = `
A name means what was deleted last under it, alone or with a mailbox above it; --at means an earlier
time (12h, 1d: so long ago; 2026-11-01; ISO 8601). UIDs, flags, rights and subscriptions are as they
were. What has taken the old name stays: the mailbox then comes back as "NAME (restored)", or as --to.
What was expunged in place there is there again, too, but not with --to-user: it stays behind, out of
everybody's reach. Bring the mailbox back to its own user first, "message unexpunge", and delete it again.

Examples:
  lethe mailbox undelete -u john@example.com Work
  lethe mailbox undelete -u john@example.com Work/2026 --at 2d --to Found
  lethe mailbox undelete -u john@example.com --deletion 65A1B2C3-0123456789ab --path Work/2026`;

export const DELETED_HELP = `
Oldest first. A deletion in the state moving or restoring was interrupted: it is wholly gone, or not
back yet, and asking for the same again brings it to its end.

Example:
  lethe mailbox deleted -u john@example.com --deletion 65A1B2C3-0123456789ab`;

export const BACKUP_HELP = `
Unless the setting backupGate is off, a deleted folder is purged only when the mail bucket and both
tables have a backup that was begun after its deletion. AWS Backup is asked by Lethe itself
(backupGate aws-backup); other tools run this command once a backup is complete, with the time at
which it began. An older time, or the same again, changes nothing; none may be in the future.

Examples:
  lethe backup record --created-at 2026-11-22T03:00:00Z --source nightly
  lethe backup record --created-at 2026-11-22T03:00:00Z --resource mail-bucket`;

export const UNEXPUNGE_HELP = `
Where lazyExpunge is in-place, expunged messages stay in their mailbox, unseen, until they expire.
They come back with new UIDs, in the order of the old ones, and without \\Deleted. "message
expunged" lists what there is. In a deleted mailbox they wait for "mailbox undelete", and are out of
reach once it is purged. Nothing comes back when not all of it fits into the quota. UIDs are
written 7, 1,3-5 or 1:*. 75 when it did not come to an end: give the same command again.

Examples:
  lethe message unexpunge -u john@example.com -m Work --uid 1,3-5
  lethe message unexpunge -u john@example.com --expunged-within 2h --add-keyword restored`;

export const PURGE_EXPUNGED_HELP = `
Ends what was expunged in place at least so long ago; it cannot be restored then. Mail of a held
account stays. 75 when it did not come to an end: give the same command again.

Example:
  lethe message purge-expunged -u john@example.com --older-than-days 30 --dry-run`;

export const HOLD_HELP = `
While any case holds an account, nothing of it ends: whatever would end mail is refused (77), and
what is expunged and has not expired stops expiring. Several cases add up; each ends by "release"
alone, also after its --until. With the last one, what was protected gets its whole retention anew.
A hold is placed when "place" has begun; that all is protected, "list" says: protection succeeded.

Examples:
  lethe hold place -u john@example.com --case 4711 --reason "court order"
  lethe hold list -u john@example.com
  lethe hold release -u john@example.com --case 4711`;

export const PURGE_HELP = `
Without --older-than-days a folder goes when the settings say so: deletedRetentionDays, 7 if nothing
else is set; never keeps it. A folder with a setting of its own goes by that, unless
--ignore-own-retention is given. What was expunged in place in a folder keeps its own time, but nothing
brings it back once the folder is gone: undelete the folder before. Held accounts are left out, and so
is what waits for a backup. Before it asks, and with --dry-run, it names each folder with its user,
messages and bytes. 75 when something could not be purged: what is due stays due, and
"lethe operation resume" goes on.

Examples:
  lethe mailbox purge --all --dry-run
  lethe mailbox purge -u john@example.com --older-than-days 30
  lethe mailbox purge -u john@example.com --deletion 6922A1B0-4f1c8e02d9aa --yes`;
