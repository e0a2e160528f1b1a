import { CommanderError } from "commander";
import { exitCodes, explain, Failure, type Source } from "./errors.js";
import { Files } from "./files.js";
import { makeProgram } from "./program.js";

/** How long an aborted command may take to wind up. */
const GRACE = 1000;

/** Runs the command line: sets the exit code, and never throws. */
export async function run(words: readonly string[]): Promise<void> {
  const files = new Files();
  const controller = new AbortController();
  const leave = (code: number): never => {
    files.discard();
    // A terminal's cursor that a bar has hidden.
    if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
    process.exit(code);
  };
  const onSignal = (code: number) => (): void => {
    if (controller.signal.aborted) leave(code);
    controller.abort(new Failure("E_ABORT", code, undefined, "interrupted; nothing was written"));
    setTimeout(() => {
      fail(controller.signal.reason as Failure);
      leave(code);
    }, GRACE).unref();
  };
  const onInterrupt = onSignal(exitCodes.interrupted);
  const onTerminate = onSignal(143);
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  // A reader that has seen enough (head, less) closes the pipe: no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") leave(exitCodes.done);
    fail(explain(error));
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
    files.discard();
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
  }
}

const isHelp = (error: CommanderError): boolean =>
  ["commander.help", "commander.helpDisplayed", "commander.version"].includes(error.code);
