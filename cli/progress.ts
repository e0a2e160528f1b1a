import cliProgress from "cli-progress";

/** A bar on stderr, shown on a terminal, or anywhere when asked for. */
export class Progress {
  readonly #bar: cliProgress.SingleBar | undefined;
  #started = false;

  constructor(what: string, choice: { quiet: boolean; progress: boolean }) {
    if (choice.quiet || !(choice.progress || process.stderr.isTTY)) return;
    this.#bar = new cliProgress.SingleBar({
      stream: process.stderr,
      noTTYOutput: choice.progress,
      notTTYSchedule: 1000,
      format: `${what} {bar} {percentage} % | {value} / {total} | {eta_formatted} left`,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 24,
      hideCursor: true,
      clearOnComplete: process.stderr.isTTY,
      gracefulExit: false,
    });
  }

  readonly update = ({ done, total }: { done: number; total: number }): void => {
    if (this.#bar === undefined) return;
    if (!this.#started) this.#bar.start(total, done);
    this.#started = true;
    this.#bar.update(done);
  };

  /** Ends the bar; the cursor comes back. */
  stop(): void {
    if (this.#started) this.#bar?.stop();
    this.#started = false;
  }
}
