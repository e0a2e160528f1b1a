// Completes package-lock.json after `npm install` on a machine whose registry lists only its own platform:
// `npm ci` wants an entry for every optional platform package, whether it will be installed or not.
// Usage: node scripts/complete-lock.js
import { readFile, writeFile } from "node:fs/promises";

const systems = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "win32",
  "openbsd",
  "netbsd",
  "openharmony",
  "sunos",
  "aix",
];
const processors = ["x64", "arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "wasm32"];

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(file, "utf8"));
const { packages } = lock;
let added = 0;
for (const [path, meta] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(meta.optionalDependencies ?? {})) {
    if (`${path}/node_modules/${name}` in packages || `node_modules/${name}` in packages) continue;
    const parts = name.split("/").at(-1).replace("linuxmusl", "linux-musl").split("-");
    const cpu = parts.filter((part) => processors.includes(part));
    const os = parts.filter((part) => systems.includes(part));
    const musl = parts.some((part) => part.startsWith("musl"));
    packages[`node_modules/${name}`] = {
      version: version.replace(/^[~^]/, ""),
      ...(cpu.length > 0 && { cpu }),
      ...(meta.dev && { dev: true }),
      optional: true,
      ...(os.length > 0 && { os }),
      ...(os[0] === "linux" && { libc: [musl ? "musl" : "glibc"] }),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
