/**
 * The only limits of time in the tests, in milliseconds. They end what hangs and say nothing of speed: a healthy machine, however
 * slow and busy, meets none of them. A state that is waited for says what it is before the test around it ends.
 */
export const limits = { state: 5 * 60_000, test: 15 * 60_000 } as const;
