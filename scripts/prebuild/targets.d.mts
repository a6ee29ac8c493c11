export interface Target {
  file: string
  on: string
  format: string
  libraries: readonly string[]
  glibc?: string | null
}

/** By name: platform, architecture and, on Linux, C library, as in linux-x64-glibc. */
export const TARGETS: Readonly<Record<string, Target>>
