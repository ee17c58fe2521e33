/** What an operator should know about a folder after it was read, counted instead of repeated. */
import { counted } from '../output/text.ts';

/** Named in a note; the others are counted. */
const SAMPLES = 3;

export class FolderNotes {
  readonly #found = new Map<string, { count: number; readonly samples: Set<string> }>();

  /**
   * @param about what happened, with `#` where the number goes, for instance `# came`
   * @param sample what it happened to
   */
  add(about: string, sample: string): void {
    const found = this.#found.get(about) ?? { count: 0, samples: new Set<string>() };
    found.count += 1;
    if (found.samples.size <= SAMPLES) found.samples.add(sample);
    this.#found.set(about, found);
  }

  lines(): string[] {
    return [...this.#found].map(([about, { count, samples }]) => {
      const told = [...samples].slice(0, SAMPLES).join(', ');
      const more = samples.size > SAMPLES ? ', …' : '';
      return `${about.replace('#', counted(count, 'message'))} (${told}${more})`;
    });
  }
}
