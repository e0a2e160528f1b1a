import { CommanderError } from "commander";
import { exitCodes, Failure, fileFailure, reason } from "./errors.js";
import { explain, type Source } from "./explain.js";
import { Files } from "./files.js";
import { makeProgram } from "./program.js";

/** How long an aborted command may take to wind up. */
const GRACE = 1000;

/**
 * Runs the command line: sets the exit code, and never throws.
 *
 * The first Ctrl-C aborts the command, which ends within a slice of its work. From then on the system's own answer to a
 * second one holds: it ends the process at once, whatever the process is at; so what is not in its place is removed first.
 */
export async function run(words: readonly string[]): Promise<void> {
  const quiet = words.includes("--quiet") || words.includes("--json");
  const controller = new AbortController();
  const files = new Files((line) => {
    if (!quiet) process.stderr.write(`${line}\n`);
  }, controller.signal);
  const leave = (code: number): never => {
    for (const line of files.discard()) process.stderr.write(`vkernel: ${line}\n`);
    showCursor();
    process.exit(code);
  };
  const onSignal = (code: number) => (): void => {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
    controller.abort(new Failure("E_ABORT", code, undefined, "interrupted; nothing was written"));
    files.discard();
    showCursor();
    setTimeout(() => {
      fail(controller.signal.reason as Failure);
      leave(code);
    }, GRACE).unref();
  };
  const onInterrupt = onSignal(exitCodes.interrupted);
  const onTerminate = onSignal(143);
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  // What no part of a command waits for: one line, as for every other error.
  const onStray = (error: unknown): void => {
    fail(explain(error));
    leave(process.exitCode as number);
  };
  process.on("uncaughtException", onStray);
  process.on("unhandledRejection", onStray);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (head, less) closes the pipe: no error of ours.
    if (error.code === "EPIPE") leave(exitCodes.done);
    fail(fileFailure("stdout", reason(error), error));
    leave(exitCodes.files);
  });
  process.stderr.on("error", () => {});

  const sources: Record<string, Source> = {};
  const fail = (failure: Failure): void => {
    const { code, exitCode, argument, message } = failure;
    const line = words.includes("--json")
      ? JSON.stringify({ error: { code, argument: argument ?? null, message, exitCode } })
      : `vkernel: ${message}`;
    process.stderr.write(`${line}\n`);
    if (process.env.VKERNEL_DEBUG) console.error(failure.cause ?? failure);
    process.exitCode = exitCode;
  };
  try {
    const program = makeProgram({ files, signal: controller.signal, words, sources });
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) {
      process.exitCode = error.code === "commander.help" ? exitCodes.usage : exitCodes.done;
    } else if (controller.signal.aborted) {
      fail(controller.signal.reason as Failure);
    } else {
      fail(explain(error, sources));
    }
  } finally {
    const left = files.discard();
    for (const line of left) process.stderr.write(`vkernel: ${line}\n`);
    if (left.length > 0 && process.exitCode === undefined) process.exitCode = exitCodes.files;
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
  }
}

/** A terminal's cursor that a bar has hidden. */
function showCursor(): void {
  if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
}

const isHelp = (error: CommanderError): boolean =>
  ["commander.help", "commander.helpDisplayed", "commander.version"].includes(error.code);
