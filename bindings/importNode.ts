/** Imports a module of Node; the name is a variable so that bundlers for browsers leave it alone. */
export async function importNode<T>(name: string): Promise<T> {
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as T;
}
