// Runs the memory tests in Node, on an addon under AddressSanitizer and UndefinedBehaviorSanitizer:
//
//   node scripts/asan-tests.mjs [arguments of vitest, in place of the usual tests]
import { run } from './cmake-build.mjs'
import { arrangeSanitized } from './sanitized.mjs'

/** `npm run test:native` tests the kernels on all cases. Here test/async runs every fifth case only. */
const TESTS = ['test/memory/', 'test/cached-calls/', 'test/async/']

const { tree, env } = arrangeSanitized('build-asan')
const arguments_ = process.argv.length > 2 ? process.argv.slice(2) : TESTS
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...arguments_], 'inherit', env, tree)
console.log('tests in Node, AddressSanitizer and UndefinedBehaviorSanitizer: passed')
