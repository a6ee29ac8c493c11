// Where a binary is compiled: a folder with the sources of the addon and the settings of published binaries. The
// developer's build/ stays as it is.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** From the repository, to the same place in the folder. node-addon-api has the headers of the addon. */
const SOURCES = ['package.json', 'native', 'node_modules/node-addon-api']
const SETTINGS = ['prebuilt.gypi', 'exports.map']
const BINDING = { includes: ['native/addon.gypi', 'prebuilt.gypi'] }

/** Fills `folder`, where binding.gyp is then what node-gyp builds. */
export function layOut(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const path of SOURCES) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  for (const name of SETTINGS) cpSync(join(ROOT, 'scripts/prebuild', name), join(folder, name))
  writeFileSync(join(folder, 'binding.gyp'), JSON.stringify(BINDING))
}

/**
 * The folder whose include/node has this Node's headers: what npm's setting `nodedir` says, or where Node is installed.
 * Null if there are none, as on Windows. Then node-gyp downloads them.
 */
export function nodeHeaders() {
  const installed = dirname(dirname(process.execPath))
  const folders = [process.env.npm_config_nodedir, installed]
  return folders.find((folder) => folder && existsSync(join(folder, 'include/node/node_api.h'))) ?? null
}
