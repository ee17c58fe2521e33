/**
 * What each mail setting means, in one place: defaults, the words and forms of the command line, its
 * help and the documentation follow from it.
 */
import type { DeleteMode, MailboxSettings, MailSettings, OwnerAccess } from './mail-settings.ts';

/** How a value is written on a command line; `text` is taken as it is. */
export type SettingForm = 'text' | 'list' | 'yesNo' | 'bytes' | 'days' | 'duration';

interface SettingDescription<T> {
  readonly form: SettingForm;
  /** What holds where no level says anything; missing: nothing does. */
  readonly default?: T;
  /** Where only some texts are allowed. */
  readonly oneOf?: readonly T[];
  /** In one sentence without its end, lower case. */
  readonly means: string;
  /** Values as they are typed. */
  readonly examples: readonly string[];
  /** What Dovecot or Cyrus calls it. */
  readonly alsoCalled?: string;
}

type TopSettings = Required<Omit<MailSettings, 'mailboxes'>>;

const DELETE_MODES: readonly DeleteMode[] = ['delayed', 'immediate'];
const OWNER_ACCESS: readonly OwnerAccess[] = ['closed', 'hidden', 'listed'];

export const SETTING_DESCRIPTIONS: {
  readonly [N in keyof TopSettings]: SettingDescription<TopSettings[N]> & {
    readonly default: TopSettings[N];
  };
} = {
  lazyExpunge: {
    form: 'text',
    default: 'off',
    means:
      'where expunged mail goes: off (nowhere), in-place (it stays, and only "message unexpunge" finds it), a mailbox, or a namespace with a mailbox for each; a stage that is not ephemeral sets in-place unless it says otherwise',
    examples: ['off', 'in-place', '.EXPUNGED', '.EXPUNGED/'],
    alsoCalled: 'lazy_expunge; expunge_mode (Cyrus)',
  },
  lazyExpungeOnlyLastInstance: {
    form: 'yesNo',
    default: false,
    means: 'whether only the last copy of a message goes there',
    examples: ['yes', 'no'],
    alsoCalled: 'lazy_expunge_only_last_instance',
  },
  lazyExpungeExclude: {
    form: 'list',
    default: [],
    means: 'mailbox, pattern or special use of which nothing is kept',
    examples: ['\\Junk'],
    alsoCalled: 'lazy_expunge_exclude',
  },
  lazyExpungeOwnerAccess: {
    form: 'text',
    default: 'listed',
    oneOf: OWNER_ACCESS,
    means: 'what owners see of the storage',
    examples: OWNER_ACCESS,
    alsoCalled: 'acl',
  },
  quotaBytes: {
    form: 'bytes',
    default: null,
    means: 'bytes that an account may have in mailboxes that count',
    examples: ['2G', 'none'],
    alsoCalled: 'quota_rule',
  },
  quotaExempt: {
    form: 'list',
    default: [],
    means: 'mailbox or pattern that does not count',
    examples: ['.EXPUNGED'],
    alsoCalled: 'quota_rule',
  },
  deleteMode: {
    form: 'text',
    default: 'delayed',
    oneOf: DELETE_MODES,
    means: 'whether a deleted mailbox is set aside (delayed), or its mail is expunged (immediate)',
    examples: DELETE_MODES,
    alsoCalled: 'delete_mode (Cyrus)',
  },
  deletedPrefix: {
    form: 'text',
    default: 'DELETED',
    means: 'name below which administrators see what was set aside',
    examples: ['DELETED'],
    alsoCalled: 'deletedprefix (Cyrus)',
  },
  deletedRetentionDays: {
    form: 'days',
    // So that each folder outlives one weekly purge at least.
    default: 7,
    means: 'days after which a purge ends what was set aside',
    examples: ['7', 'never'],
  },
};

export const MAILBOX_SETTING_DESCRIPTIONS: {
  readonly [N in keyof Required<MailboxSettings>]: SettingDescription<MailboxSettings[N]>;
} = {
  autoexpunge: {
    form: 'duration',
    means:
      'age at which messages are expunged by themselves; how many may stay is autoexpunge_max_mails: both are one policy, so to keep one when the other changes, give both',
    examples: ['30d', '12h', 'off'],
    alsoCalled: 'autoexpunge, autoexpunge_max_mails',
  },
  ownerRights: {
    form: 'text',
    means: 'letters of RFC 4314 that the owner has there, whatever an ACL says',
    examples: ['lrs'],
    alsoCalled: 'acl',
  },
  deletedRetentionDays: {
    form: 'days',
    means: 'the same for these folders, by the path that they had',
    examples: ['90', 'never'],
  },
  specialUse: {
    form: 'text',
    means: 'a special use of RFC 6154',
    examples: ['\\Trash'],
    alsoCalled: 'special_use',
  },
};

/** What holds where no level says anything. */
export const MAIL_SETTINGS_DEFAULTS = Object.fromEntries(
  Object.entries(SETTING_DESCRIPTIONS).map(([name, description]) => [name, description.default]),
) as unknown as TopSettings;
