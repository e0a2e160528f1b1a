// No test asks a machine how fast it is: none reads a clock, waits so long, has a limit of its own, or is tried again.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Clocks, by what they are read from. */
const clocks =
  /^((globalThis|self|window)\.)?(performance\.(now|mark|measure)|Date\.now|process\.(hrtime|uptime|cpuUsage)\b.*)$/;
/** What waits for time to pass, and not for a state. */
const waits = /(^|\.)(waitForTimeout|setInterval|sleep)$|^AbortSignal\.timeout$/;
/** Those of vitest's functions that take a limit as their last argument. */
const limited = /^(it|test|describe|beforeAll|afterAll|beforeEach|afterEach)\b/;
/** Options by which a test that failed would be tried again, or run more than once. */
const again = ["retry", "repeats"];

/** What a source has to do with time, line by line. */
function timeIn(source: string): string[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.ESNext, true);
  const found: [number, string][] = [];
  const say = (node: ts.Node, what: string): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push([line + 1, what]);
  };
  const isZero = (node: ts.Node | undefined): boolean => node === undefined || node.getText(file) === "0";
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const name = node.expression.getText(file);
      const [, second] = node.arguments;
      const last = node.arguments.at(-1);
      if (clocks.test(name)) say(node, `reads ${name}`);
      if (waits.test(name) || (/(^|\.)setTimeout$/.test(name) && !isZero(second)))
        say(node, `waits by ${name}`);
      if (limited.test(name) && last !== undefined && ts.isNumericLiteral(last)) say(last, "a limit");
    }
    if (ts.isNewExpression(node) && node.expression.getText(file) === "Date" && !node.arguments?.length)
      say(node, "reads new Date()");
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      const name = node.name.getText(file).replace(/["']/g, "");
      if (again.includes(name)) say(node, name);
      const value = ts.isPropertyAssignment(node) ? node.initializer.getText(file) : name;
      if (name === "timeout" && !/^limits\.\w+$/.test(value)) say(node, `a limit of ${value}`);
    }
    if (ts.isStringLiteralLike(node) && /^(networkidle|longtask|(node:)?timers\/promises)$/.test(node.text))
      say(node, node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.sort(([a], [b]) => a - b).map(([line, what]) => `${line}: ${what}`);
}

describe("time in tests", () => {
  it.each(again)("is seen by this test, with %s", (option) => {
    const sample = `
      import { setTimeout as sleep } from "node:timers/promises";
      it("is fast", { ${option}: 2, timeout: 5000 }, async () => {
        const start = performance.now();
        await sleep(50);
        setTimeout(() => controller.abort(), 100);
        expect(Date.now() - start).toBeLessThan(250);
        await page.waitForTimeout(100);
        await page.waitForLoadState("networkidle");
        new PerformanceObserver(() => {}).observe({ type: "longtask" });
        const at = new Date();
        process.hrtime.bigint();
      }, 60_000);
      beforeAll(() => {}, 1000);
      setInterval(() => {}, 5);`;
    expect(timeIn(sample)).toEqual([
      "2: node:timers/promises",
      `3: ${option}`,
      "3: a limit of 5000",
      "4: reads performance.now",
      "5: waits by sleep",
      "6: waits by setTimeout",
      "7: reads Date.now",
      "8: waits by page.waitForTimeout",
      "9: networkidle",
      "10: longtask",
      "11: reads new Date()",
      "12: reads process.hrtime.bigint",
      "13: a limit",
      "14: a limit",
      "15: waits by setInterval",
    ]);
    const turns = `
      setTimeout(resolve); setTimeout(() => resolve(), 0); setImmediate(resolve); new Date(0);
      await expect.poll(places, { message: "where" }).toBe(3);
      chromium.launch({ timeout: limits.state });
      it("counts", () => expect(clock.now()).toBe(3));`;
    expect(timeIn(turns)).toEqual([]);
  });

  it("is asked for nowhere", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    expect(files.length).toBeGreaterThan(100);
    const found = files
      .filter((name) => !name.endsWith("clocks.test.ts"))
      .flatMap((name) => timeIn(readFileSync(`${folder}${name}`, "utf8")).map((text) => `${name}:${text}`));
    expect(found).toEqual([]);
  });
});
