// The module of the test page: the tasks, and what the content-security policy forbade.
import * as tasks from "./tasks.js";

const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.effectiveDirective}: ${event.blockedURI}`);
});

export type PageGlobals = typeof globalThis & { vk: typeof tasks & { violations: string[] } };
(globalThis as PageGlobals).vk = { ...tasks, violations };
