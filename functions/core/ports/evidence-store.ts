/** Write-once storage for certificates (S3 under Object Lock). */
export interface EvidenceStore {
  /**
   * Stores bytes under a name that has none yet, locked until the given time (epoch ms).
   * Answers `exists` and changes nothing when the name is taken.
   */
  save(name: string, bytes: Uint8Array, lockedUntil: number): Promise<'saved' | 'exists'>;
  read(name: string): Promise<Uint8Array | undefined>;
}
