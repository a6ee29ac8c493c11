import { join } from 'node:path'
import { promisify } from 'node:util'
import prebuildify from 'prebuildify'
import { layOut, nodeHeaders, ROOT } from './layout.mjs'
import { TARGETS } from './targets.mjs'

const windows = process.platform === 'win32'
/** Of the development dependencies. */
const NODE_GYP = join(ROOT, 'node_modules/.bin', windows ? 'node-gyp.cmd' : 'node-gyp')

/**
 * Compiles the binary of a target in `folder`, and returns its path.
 * @param name a key of TARGETS
 * @param options more options of prebuildify, for a compiler of another platform
 */
export async function byPrebuildify(name, folder, options = {}) {
  const [platform, arch, libc] = name.split('-')
  layOut(folder)
  process.env.npm_config_jobs = 'max'
  const headers = nodeHeaders()
  if (headers !== null) process.env.npm_config_nodedir = headers
  await promisify(prebuildify)({
    ...{ platform, arch, libc, tagLibc: libc !== undefined, napi: true, strip: true },
    ...{ targets: [process.versions.node], cwd: folder, nodeGyp: NODE_GYP },
    ...options,
  })
  return join(folder, TARGETS[name].file)
}
