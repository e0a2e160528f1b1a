import { createRequire } from "node:module";

// That of the library, by its name: what computes is what matters, and both packages have one version.
const { version } = createRequire(import.meta.url)("vkernel/package.json") as { version: string };

export { version };
