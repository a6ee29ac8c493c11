'use strict'

// The addon of a source build. The path is literal, so that bundlers find the file. Errors are kept, never thrown:
// without an addon the portable backend runs, and info() tells why.

/** @returns {{ addon: object | null, errors: string[] }} */
exports.load = function load() {
  try {
    return { addon: require('../build/Release/evenkeel.node'), errors: [] }
  } catch (error) {
    return { addon: null, errors: [`build/Release/evenkeel.node: ${reasonOf(error)}`] }
  }
}

function reasonOf(error) {
  if (error.code === 'MODULE_NOT_FOUND')
    return 'it was not built; if npm tried to, build/install.log says what failed'
  return String(error.message).split('\n')[0]
}
