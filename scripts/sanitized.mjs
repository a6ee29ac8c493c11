// The addon under AddressSanitizer and UndefinedBehaviorSanitizer, in a copy of the package: for scripts/asan-tests.mjs
// and fuzz/main.ts. Tests can make allocations of this addon fail (test/native/faults.h). Linux, GCC.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { build, needTools, onPath, root, run, stop } from './cmake-build.mjs'

/** Shared with `npm run test:native`, which compiles the same objects. */
const BUILD = 'build-cmake/sanitized'

/** What the copy does not have: other builds, and what is large. */
const LEFT_OUT = /^(\.git|node_modules|build|build-.*|prebuilds|study-results)$/

const ASAN = [
  // Node does not free its own memory when it ends.
  'detect_leaks=0',
  // If there is no memory, `new` throws as it does without the sanitizer.
  'allocator_may_return_null=1',
  // The amount of freed memory that stays poisoned.
  'quarantine_size_mb=64',
  // V8 has its own signal handlers, for the memory of WebAssembly.
  'handle_segv=1:allow_user_segv_handler=1',
]

/**
 * Builds the addon, and makes a copy of the package that has the addon in the place of a source build, where the loader
 * finds it. It configures CMake itself and not through cmake-js, because cmake-js may choose another generator than
 * the one that `npm run test:native` uses in the same folder.
 *
 * @param folder the name of the copy, in the repository
 * @returns the path of the copy, and the environment for Node in it
 */
export function arrangeSanitized(folder) {
  needTools(['g++'].filter((program) => !onPath(program)))
  const settings = ['-DEVENKEEL_SANITIZE=address,undefined', '-DEVENKEEL_FAULTS=ON']
  build(BUILD, [...settings, `-DCMAKE_JS_INC=${includeFolders()}`], 'evenkeel_addon')
  const tree = join(root, folder)
  rmSync(tree, { recursive: true, force: true })
  for (const each of readdirSync(root).filter((name) => !LEFT_OUT.test(name)))
    cpSync(join(root, each), join(tree, each), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  cpSync(join(root, BUILD, 'Release/evenkeel.node'), join(tree, 'build/Release/evenkeel.node'))
  const env = {
    ...process.env,
    LD_PRELOAD: sanitizer(),
    ASAN_OPTIONS: ASAN.join(':'),
    UBSAN_OPTIONS: 'print_stacktrace=1',
  }
  checkLoads(tree, env)
  return { tree, env }
}

/** Stops if the addon does not load: the tests would run on the portable backend, and pass. */
function checkLoads(tree, env) {
  const script =
    "const { addon, errors } = require('./native/load.cjs').load(); if (!addon) throw new Error(errors[0])"
  run(process.execPath, ['-e', script], 'inherit', env, tree)
}

/** The folders that cmake-js passes to CMake. */
function includeFolders() {
  const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js')
  const args = [cmakeJs, 'print-cmakejs-include', '--log-level', 'error']
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim()
}

/** The sanitizer library of this compiler. It must be loaded before all other libraries. */
function sanitizer() {
  const path = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
  return existsSync(path) ? path : stop('this g++ has no libasan.so')
}
