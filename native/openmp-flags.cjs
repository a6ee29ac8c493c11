'use strict'

// Prints the flag that turns OpenMP on in the compiler of a source build (native/addon.gypi), or nothing if it has none.
// The flag changes native/runtime/openmp*.cc only. The addon is not linked with OpenMP's library: openmp_library.cc loads
// it. On macOS and Windows these files have no OpenMP.

const { spawnSync } = require('node:child_process')

const FLAG = '-fopenmp'
/** The compiler that node-gyp takes; CXX may hold arguments too, as in 'ccache g++'. */
const [compiler, ...args] = (process.env.CXX || 'g++').trim().split(/\s+/)

const probe = () => spawnSync(compiler, [...args, FLAG, '-fsyntax-only', '-x', 'c++', '-'], { input: '' })

console.log(process.platform === 'linux' && probe().status === 0 ? FLAG : '')
