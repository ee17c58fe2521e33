/** Signs certificates. The private key never leaves the adapter. */
export interface Signer {
  /** RSASSA-PSS with SHA-256 over the message, salt of 32 bytes: `PS256` of RFC 7518. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** The public key, SubjectPublicKeyInfo in DER. */
  publicKey(): Promise<Uint8Array>;
}
