// What write-native.ts writes, for the check of types in a clone that has not built the site.
declare module '*/native.json' {
  const native: { readonly isa: string | null; readonly digests: Readonly<Record<string, string>> }
  export default native
}
