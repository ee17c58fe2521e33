/** People, subjects and sentences in several languages and scripts, for mail that looks lived in. */

export interface Language {
  readonly code: string;
  readonly names: readonly [string, ...string[]];
  readonly subjects: readonly [string, ...string[]];
  readonly sentences: readonly [string, ...string[]];
  /** How an answer's subject begins. */
  readonly reply: string;
}

export const LANGUAGES: readonly [Language, ...Language[]] = [
  {
    code: 'en',
    reply: 'Re: ',
    names: ['Ada Byrne', 'Tom O’Neill', 'Grace "Gee" Miller', 'Sam Okafor'],
    subjects: [
      'Minutes of Tuesday’s meeting',
      'Your order has been shipped',
      'Question about the lease, the deposit and when the keys are handed over on the first of the month',
      'Lunch?',
      '',
    ],
    sentences: [
      'Thank you for the notes, I have added two remarks in the margin.',
      'The parcel should arrive on Thursday; somebody has to be at home to sign for it.',
      'Could we move the call to half past three?',
      'From what I hear, the old building will be sold before the summer.',
      'See https://www.example.com/a/rather/long/path?with=a&query=string#and-a-fragment for the details.',
      '--',
    ],
  },
  {
    code: 'de',
    reply: 'AW: ',
    names: ['Jürgen Groß', 'Änne Müller-Lüdenscheidt', 'Søren Weiß'],
    subjects: [
      'Rechnung für März',
      'Grüße aus Österreich',
      'Änderung der Öffnungszeiten über die Feiertage',
    ],
    sentences: [
      'Anbei die Rechnung, zahlbar innerhalb von vierzehn Tagen ohne Abzug.',
      'Die Straße ist gesperrt, bitte über die Brücke fahren.',
      'Herzliche Grüße an alle, auch an die Kinder!',
    ],
  },
  {
    code: 'fr',
    reply: 'RE : ',
    names: ['Zoé Lefèvre', 'François Hébert'],
    subjects: ['Réunion décalée à jeudi', 'Où en est le dossier ?', 'Joyeux Noël à tous'],
    sentences: [
      'Je vous remercie de votre réponse rapide et précise.',
      'La réunion est décalée à jeudi, même heure, même salle.',
      'N’hésitez pas à m’appeler dès que vous l’aurez reçu.',
    ],
  },
  {
    code: 'ja',
    reply: 'Re: ',
    names: ['山田 太郎', '佐藤 花子'],
    subjects: ['打ち合わせの件', 'ご注文ありがとうございます', '資料を送ります'],
    sentences: [
      'お世話になっております。資料を添付いたしましたので、ご確認ください。',
      '来週の打ち合わせは水曜日の午後三時からに変更になりました。',
      'よろしくお願いいたします。',
    ],
  },
  {
    code: 'zh',
    reply: '回复：',
    names: ['王小明', '李娜'],
    subjects: ['会议纪要', '发票已开具，请查收'],
    sentences: ['附件是昨天会议的纪要，请大家核对。', '如有问题，请随时与我联系。'],
  },
  {
    code: 'ru',
    reply: 'Re: ',
    names: ['Иван Петров', 'Ольга Щербакова'],
    subjects: ['Счёт за октябрь', 'Поздравляем с днём рождения!'],
    sentences: ['Во вложении счёт за прошлый месяц.', 'Пожалуйста, подтвердите получение письма.'],
  },
  {
    code: 'ar',
    reply: 'رد: ',
    names: ['محمد العلي', 'ليلى حسن'],
    subjects: ['موعد الاجتماع القادم', 'شكرا جزيلا'],
    sentences: ['نرجو تأكيد الحضور قبل يوم الخميس.', 'تجدون الملف مرفقا مع هذه الرسالة.'],
  },
  {
    code: 'el',
    reply: 'ΑΠ: ',
    names: ['Ελένη Παπαδοπούλου'],
    subjects: ['Πρόσκληση σε συνάντηση'],
    sentences: ['Σας στέλνω το πρόγραμμα της εβδομάδας.', 'Με εκτίμηση'],
  },
  {
    code: 'und',
    reply: 'Re: ',
    names: ['Party 🎉 Team', '\u202dTotally Legit Bank'],
    subjects: ['🎂🎈 You are invited! 🎈🎂', 'Zalgo t̸e̵x̷t̶', '𝓢𝓹𝓮𝓬𝓲𝓪𝓵 𝓸𝓯𝓯𝓮𝓻'],
    sentences: ['👩‍👩‍👧‍👦 The whole family is coming 🚗💨', 'Limited time only!!! ⏰'],
  },
];

export interface DemoFolder {
  /** Mailbox path; INBOX is the Maildir itself. */
  readonly mailbox: string;
  readonly weight: number;
  /** Probability that its mail has been read. */
  readonly seen: number;
}

export const FOLDERS: readonly [DemoFolder, ...DemoFolder[]] = [
  { mailbox: 'INBOX', weight: 36, seen: 0.8 },
  { mailbox: 'Sent', weight: 12, seen: 1 },
  { mailbox: 'Archive/2025', weight: 12, seen: 1 },
  { mailbox: 'Archive/2026', weight: 10, seen: 1 },
  { mailbox: 'Lists/postmasters', weight: 9, seen: 0.4 },
  { mailbox: 'Entwürfe', weight: 2, seen: 1 },
  { mailbox: 'Projekte/Größe & Gewicht', weight: 5, seen: 0.9 },
  { mailbox: '日本語/仕事', weight: 3, seen: 0.9 },
  { mailbox: 'Счета', weight: 3, seen: 0.7 },
  { mailbox: 'R&D', weight: 2, seen: 0.9 },
  { mailbox: 'Urlaub 🏖', weight: 1, seen: 1 },
  { mailbox: 'Junk', weight: 2, seen: 0.1 },
  { mailbox: 'Trash', weight: 3, seen: 0.8 },
];
