/** How long a run plays at speed 1, in milliseconds: about this for a step, within these ends for all. */
const STEP = 33;
const SHORTEST = 2500;
const LONGEST = 6000;
/** A frame that takes longer gives fewer steps to the next ones. */
const SLOW = 40;

/** Which steps a frame goes on by: the clock says how many, slow frames how many at most. */
export class Player {
  #playing = false;
  #clock = 0;
  #due = 0;
  #most = Number.POSITIVE_INFINITY;

  get playing(): boolean {
    return this.#playing;
  }

  /** Whether it goes on by fewer steps than it should, to keep up. */
  get behind(): boolean {
    return this.#playing && Number.isFinite(this.#most);
  }

  play(): void {
    this.#playing = true;
    this.#clock = performance.now();
    // At once, not after the first step's time.
    this.#due = 1;
    this.#most = Number.POSITIVE_INFINITY;
  }

  pause(): void {
    this.#playing = false;
  }

  /** The steps that are due now, of a run of so many. */
  due(steps: number, speed: number): number {
    const now = performance.now();
    const whole = Math.min(LONGEST, Math.max(SHORTEST, STEP * steps)) / speed;
    // After a pause of the page, play goes on from where it was.
    this.#due += (Math.min(200, now - this.#clock) * steps) / whole;
    this.#clock = now;
    const ready = Math.floor(this.#due);
    const taken = Math.min(ready, this.#most);
    this.#due -= ready;
    return taken;
  }

  /** How long a frame of so many steps took to compute. */
  took(milliseconds: number, steps: number): void {
    if (steps > 1 && milliseconds > SLOW) {
      this.#most = Math.max(1, Math.floor((steps * SLOW) / milliseconds));
    } else if (Number.isFinite(this.#most) && milliseconds < SLOW / 2) {
      this.#most = this.#most < 1000 ? this.#most + 1 : Number.POSITIVE_INFINITY;
    }
  }
}
