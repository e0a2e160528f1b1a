import { type RunningServer, type ServerOptions, startServer } from "../../cli/server.js";
import { root } from "./bundle.js";

/** The content-security policy of `docs/reliability.md`: nothing from elsewhere, no inline script, no eval, no blob. */
export const strictPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

/** The command line's server, for pages of tests: neither isolated nor under a policy, unless asked for; of the whole repository. */
export const serve = (options: Partial<ServerOptions>): Promise<RunningServer> =>
  startServer({ folder: root, isolated: false, policy: undefined, ...options });
