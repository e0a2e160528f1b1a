import type { VkernelError } from "vkernel";
import { checkWord } from "vkernel/internal";
import { exitCodes, Failure, usage } from "./errors.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads a finite decimal number; the library checks its range. */
export function number(option: string): (word: string) => number {
  return (word) => {
    const value = NUMBER.test(word) ? Number(word) : Number.NaN;
    if (!Number.isFinite(value)) throw usage(option, "a number", JSON.stringify(word));
    return value;
  };
}

/** Reads one of a few words; the error offers the nearest. */
export function word<T extends string>(option: string, words: readonly T[]): (given: string) => T {
  return (given) => {
    try {
      return checkWord(given, words, option, option.replace(/^--/, ""));
    } catch (error) {
      const { expected, got, hint } = error as VkernelError;
      throw usage(option, expected ?? "", `${got}${hint === undefined ? "" : `; ${hint}`}`);
    }
  };
}

/** Reads a list of words set apart by commas, each known and none twice. */
export function words<T extends string>(option: string, known: readonly T[]): (given: string) => T[] {
  const one = word(option, known);
  return (given) => {
    const list = given.split(",").map((part) => one(part.trim()));
    if (new Set(list).size < list.length) throw usage(option, "each word once", JSON.stringify(given));
    return list;
  };
}

/** Reads a number of threads, or "auto". */
export function threads(given: string): number | "auto" {
  return given === "auto" ? "auto" : number("--threads")(given);
}

/** The error of two options that do not go together. */
export function conflict(option: string, message: string): Failure {
  return new Failure("E_USAGE", exitCodes.usage, option, `${option} ${message}`);
}

/** A list of numbers: "10,1,0.1,0". */
export function numberList(option: string, given: string): number[] {
  return given.split(",").map((part) => number(option)(part.trim()));
}

/** Reads a list of classes: whole numbers set apart by commas, none twice. */
export function classList(option: string): (given: string) => number[] {
  return (given) => {
    const list = given.split(",").map((part) => (/^\s*[+-]?\d+\s*$/.test(part) ? Number(part) : Number.NaN));
    if (!list.every(Number.isSafeInteger) || new Set(list).size < list.length) {
      throw usage(option, "whole numbers set apart by commas, each once", JSON.stringify(given));
    }
    return list;
  };
}
