/** A plugin of rollup: Papa Parse is a script for loaders of all kinds; here it is a module. */
export function asModule() {
  return {
    name: "as-module",
    transform(code, id) {
      if (!id.includes("/papaparse/")) return null;
      const wrapped = `const module = { exports: {} };\n(function (exports) {${code}\n}).call(globalThis, module.exports);\n`;
      return { code: `${wrapped}export default module.exports;\n`, map: null };
    },
  };
}
