/** A part of a program that gives a number of a part of a study. */
export interface Recipe {
  /** Runs as it stands beside the package; it prints one JSON line. */
  readonly code: string;
  /** The number of the study that it prints, as a path into the JSON. */
  readonly gives: string;
}
