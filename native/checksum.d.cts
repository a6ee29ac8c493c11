/** The file beside a binary that has its SHA-256. */
export function checksumFileOf(binary: string): string
/** Writes that file; whoever builds a binary calls this. */
export function writeChecksum(binary: string): void
/** What speaks against the binary's bytes, or null. */
export function checksumFault(binary: string): string | null
