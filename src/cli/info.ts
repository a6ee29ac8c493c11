import { info as libraryInfo } from '../index.js'
import type { Action } from './action.js'

/** Prints which backend runs, on which machine, and why other binaries were not loaded. */
export const info: Action = ({ json }) => {
  const found = { ...libraryInfo(), node: process.version, platform: process.platform, arch: process.arch }
  if (json) {
    console.log(JSON.stringify(found, null, 2))
    return 0
  }
  const { version, backend, isa, isas, threads, threading, openmp, offThread } = found
  const { binary, loadErrors, node, platform, arch } = found
  console.log(`evenkeel ${version} on ${platform}-${arch}, Node ${node}
backend: ${backend}${isa === null ? '' : `, ${isa} (of ${isas.join(', ')})`}
binary: ${binary ?? 'none'}
threads: ${threads}${threading === null ? '' : `, ${threading === 'openmp' ? "OpenMP's" : "the thread pool's"}`}
OpenMP: ${openmp ?? 'none'}
asynchronous calls: ${offThread ? 'on other threads' : 'on this thread, in a later iteration of the event loop'}`)
  for (const error of loadErrors) console.log(`not loaded: ${error}`)
  return 0
}
