'use strict'

// The addon of a source build. The path is literal, so that bundlers find the file. Errors are kept, never thrown:
// without an addon the portable backend runs, and info() tells why.

/** @returns {{ addon: object | null, errors: string[] }} */
exports.load = function load() {
  const errors = []
  const addon = attempt(() => require('../build/Release/evenkeel.node'), 'evenkeel', errors)
  return { addon, errors }
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
  return String(error.message).split('\n')[0]
}
