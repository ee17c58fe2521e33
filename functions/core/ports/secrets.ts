/** The one secret that a function was given. */
export interface Secrets {
  /**
   * The secret's text. It may be one remembered for some minutes, unless `fresh` asks for the
   * present one.
   * @throws MailServerSecretError when it cannot be had
   */
  read(options?: { readonly fresh?: boolean }): Promise<string>;
}
