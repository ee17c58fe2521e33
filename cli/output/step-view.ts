/** A display of steps that run one after the other. */
export interface StepView {
  /** This step runs now: those before it are done. Never goes back. */
  enter(index: number): void;
  /** What the running step has come to. */
  detail(text: string): void;
  /** The running step failed. */
  fail(message: string): Promise<void>;
  /** Every step is done. */
  finish(): Promise<void>;
  /** Ends the display where it is, without calling anything failed. */
  abandon(): Promise<void>;
}
