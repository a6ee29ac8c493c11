import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { kill } from './place.mjs'
import { checkResult, killInMidShard, newJob } from './shards.mjs'

/** A parser, and the schema of Kubernetes. */
const PACKAGES = ['yaml@2.9.1', 'kubernetes-models@4.5.1']

/**
 * The manifests against the schema of Kubernetes, and their containers' commands as an Indexed Job runs them: all at
 * once, each with its index. A pod is killed, and runs again. There is no cluster here.
 */
export const kubernetes = {
  name: 'kubernetes',
  programs: {},
  async run(place, examples) {
    const read = await manifestReader(place)
    const [fit, merge] = ['fit', 'merge'].map((name) => read(join(examples, `kubernetes/${name}.yaml`)))
    const { completions } = fit.spec
    const folder = await newJob(place, 'kubernetes-job')
    const podOf = (index) => runContainer(place, folder, fit, { JOB_COMPLETION_INDEX: String(index) })
    const pods = Array.from({ length: completions }, (_, i) =>
      // One is killed.
      podOf(i).catch(() => podOf(i)),
    )
    const [killed] = await Promise.all([killInMidShard(place, folder, completions, kill), ...pods])
    await runContainer(place, folder, merge)
    return `valid manifests; ${killed}, run again; ${checkResult(place, folder, completions)}`
  },
}

/** Runs the command of a manifest's container. */
function runContainer(place, cwd, { spec }, more = {}) {
  const [{ command, env = [] }] = spec.template.spec.containers
  const given = Object.fromEntries(env.map(({ name, value }) => [name, value]))
  return place.run(command, { cwd, env: { ...given, ...more } })
}

/** Reads a manifest. It throws if the manifest does not have the schema of its kind. */
async function manifestReader(place) {
  const home = place.newFolder('schema')
  await place.run(['npm', 'install', '--no-audit', '--no-fund', '--prefix', home, ...PACKAGES])
  const require = createRequire(join(home, 'package.json'))
  const { parse } = require('yaml')
  const { Job } = require('kubernetes-models/batch/v1')
  return (path) => {
    const manifest = parse(readFileSync(path, 'utf8'))
    if (manifest.kind !== 'Job') throw new Error(`${path}: it is no Job`)
    new Job(manifest).validate()
    return manifest
  }
}
