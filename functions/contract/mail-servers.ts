/** What the infrastructure tells the functions that talk to mail servers. */

/** A proxy hands connections on, a backend holds them and may cache mail. */
export type MailServerRole = 'proxy' | 'backend';

export interface MailServer {
  /** Where doveadm's HTTP interface is, without a path: `https://proxy-1.example.com:8080`. */
  readonly url: string;
  readonly role: MailServerRole;
}

export interface MailServerSettings {
  readonly servers: readonly MailServer[];
  readonly requestTimeoutSeconds: number;
  readonly sessionDeadlineSeconds: number;
}

/** File beside the handler, in PEM: certificates to trust besides the public ones. */
export const MAIL_SERVERS_CA_FILE = 'mail-servers-ca.pem';
