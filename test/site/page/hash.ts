/** SHA-256 of numbers, as text: the same in Node and in pages (crypto.subtle needs a secure context; localhost is one). */
export async function hashOf(data: Float32Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data.slice());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
