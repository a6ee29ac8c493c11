'use strict'

// The addon of a source build. The path is literal, so that bundlers find the file. Errors are kept, never thrown:
// without an addon the portable backend runs, and info() tells why.

/** @returns {{ addon: object | null, memory: object | null, errors: string[] }} */
exports.load = function load() {
  const errors = []
  const addon = attempt(() => require('../build/Release/evenkeel.node'), 'evenkeel', errors)
  if (addon === null) return { addon, memory: null, errors }
  const memory = attempt(() => require('../build/Release/evenkeel_memory.node'), 'evenkeel_memory', errors)
  return { addon, memory, errors }
}

function attempt(load, name, errors) {
  try {
    return load()
  } catch (error) {
    errors.push(`build/Release/${name}.node: ${reasonOf(error)}`)
    return null
  }
}

function reasonOf(error) {
  if (error.code === 'MODULE_NOT_FOUND')
    return 'it was not built; if npm tried to, build/install.log says what failed'
  const built = /NODE_MODULE_VERSION \d+/.exec(error.message)
  if (built) return `it was built for another version of Node (${built[0]}); npm rebuild mends that`
  return String(error.message).split('\n')[0]
}
