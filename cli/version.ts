import { createRequire } from "node:module";

// By the package's own name: right from dist/ and from build/ alike.
const { version } = createRequire(import.meta.url)("vkernel/package.json") as { version: string };

export { version };
