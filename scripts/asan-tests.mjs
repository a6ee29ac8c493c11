// Runs the memory tests in Node, on an addon under AddressSanitizer and UndefinedBehaviorSanitizer. Tests can make
// allocations of this addon fail (test/native/faults.h). Linux, GCC.
//
//   node scripts/asan-tests.mjs [arguments of vitest, in place of the usual tests]
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build, needTools, onPath, root, run, stop } from './cmake-build.mjs'

/** Shared with `npm run test:native`, which compiles the same objects. */
const BUILD = 'build-cmake/sanitized'
/** A copy of the package with the addon in the place of a source build, where the loader finds it. */
const TREE = join(root, 'build-asan')
const COPIED = [
  'native',
  'src',
  'test',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
]
/** `npm run test:native` tests the kernels on all cases. Here test/async runs every fifth case only. */
const TESTS = ['test/memory/', 'test/cached-calls/', 'test/async/']

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

needTools(['g++'].filter((program) => !onPath(program)))
const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers')
build(
  BUILD,
  ['-DEVENKEEL_SANITIZE=address,undefined', `-DEVENKEEL_NODE_HEADERS=${headers}`],
  'evenkeel_addon',
)
arrangeTree()
const arguments_ = process.argv.length > 2 ? process.argv.slice(2) : TESTS
const env = {
  ...process.env,
  EVENKEEL_BACKEND: 'native',
  LD_PRELOAD: sanitizer(),
  ASAN_OPTIONS: ASAN.join(':'),
  UBSAN_OPTIONS: 'print_stacktrace=1',
}
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...arguments_], 'inherit', env, TREE)
console.log('tests of memory, AddressSanitizer and UndefinedBehaviorSanitizer in Node: passed')

function arrangeTree() {
  rmSync(TREE, { recursive: true, force: true })
  for (const each of COPIED) cpSync(join(root, each), join(TREE, each), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(TREE, 'node_modules'))
  cpSync(join(root, BUILD, 'evenkeel.node'), join(TREE, 'build/Release/evenkeel.node'))
}

/** The sanitizer library of this compiler. It must be loaded before all other libraries. */
function sanitizer() {
  const path = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
  return existsSync(path) ? path : stop('this g++ has no libasan.so')
}
