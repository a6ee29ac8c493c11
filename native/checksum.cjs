'use strict'

// The SHA-256 of a binary, in a file beside it as `sha256sum` writes it. A damaged byte of code would otherwise run.

const fs = require('node:fs')
const path = require('node:path')
const { BUILD, REINSTALL } = require('./reasons.cjs')

const checksumFileOf = (binary) => `${binary}.sha256`

/** Writes the file beside a binary; whoever builds a binary calls this. */
function writeChecksum(binary) {
  fs.writeFileSync(checksumFileOf(binary), `${digestOf(binary)}  ${path.basename(binary)}\n`)
}

/** What speaks against the binary's bytes, or null: also where there is no checksum, or no OpenSSL in this Node. */
function checksumFault(binary) {
  const file = checksumFileOf(binary)
  const found = fs.statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return null
  const digest = digestOf(binary)
  if (digest === null || (found.isFile() && fs.readFileSync(file, 'latin1').startsWith(`${digest} `)))
    return null
  return `it is damaged, or its checksum is: ${path.basename(file)} has another; ${REINSTALL}, or ${BUILD}`
}

function digestOf(binary) {
  let crypto
  try {
    crypto = require('node:crypto')
  } catch {
    return null
  }
  return crypto.createHash('sha256').update(fs.readFileSync(binary)).digest('hex')
}

module.exports = { checksumFault, checksumFileOf, writeChecksum }
