/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * What comes after the first picture; where it cannot be fetched, an error that says what is missing and what to do. A later
 * try fetches it again.
 *
 * @param what how the reader knows it: "The help"
 */
export async function late<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const message = `${what} could not be loaded: try again when there is a network.`;
    throw Object.assign(new Error(message, { cause }), { code: "E_IO" });
  }
}
