import type { Shard } from './shard.js'

const NAME = /^evenkeel-manifest(?:\.(\d+)-of-(\d+))?\.jsonl$/

/** The name of the manifest of a job or shard, in the folder of its outputs. */
export function manifestName(shard: Shard | null): string {
  return `evenkeel-manifest${shard === null ? '' : `.${shard.index}-of-${shard.count}`}.jsonl`
}

/** The shard of a manifest's name: null for a whole job. Undefined if it is no manifest's name. */
export function shardOfManifest(name: string): Shard | null | undefined {
  const parts = NAME.exec(name)
  if (parts === null) return undefined
  return parts[1] === undefined ? null : { index: Number(parts[1]), count: Number(parts[2]) }
}
