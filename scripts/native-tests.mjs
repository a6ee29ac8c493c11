// Runs the native tests on a CMake build, and replays test/support/cases.ts against the portable backend:
//
//   node scripts/native-tests.mjs [sanitized | neon | avx512-emulated | threads]
//
// Exits with 1 if a test fails. If a tool is missing, it also exits with 1, and prints how to install the tool.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { build as buildIn, needTools, onPath, root, run, stop } from './cmake-build.mjs'

const QEMU = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu']
/** All instruction sets of the host's compiler and CPU. `replay --isas` lists them. */
const ALL_ISAS = null
/** The same as in test/parity.test.ts. */
const THREADS = [1, 2, 3, 7]

const BUILDS = {
  sanitized: {
    title: 'AddressSanitizer and UndefinedBehaviorSanitizer',
    cmake: ['-DEVENKEEL_SANITIZE=address,undefined'],
    isas: ALL_ISAS,
    // These tests are about memory. One run uses several threads, and one does not.
    threads: [1, 3],
    leaks: true,
  },
  neon: {
    title: 'AArch64 under qemu',
    cmake: [
      '-DCMAKE_SYSTEM_NAME=Linux',
      '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
      '-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++',
      `-DCMAKE_CROSSCOMPILING_EMULATOR=${QEMU.join(';')}`,
    ],
    emulator: QEMU,
    isas: ['neon', 'scalar'],
    threads: THREADS,
    programs: ['aarch64-linux-gnu-g++', 'qemu-aarch64'],
    packages: ['g++-aarch64-linux-gnu', 'qemu-user'],
  },
  'avx512-emulated': {
    // Tests the order of lanes and the masks of simd/avx512.h. On a CPU with AVX-512, test/parity.test.ts runs the real
    // code.
    title: 'AVX-512 source on emulated intrinsics (SIMDe), not on an AVX-512 CPU',
    cmake: ['-DEVENKEEL_EMULATE_AVX512=ON'],
    isas: ['avx512'],
    threads: THREADS,
    files: ['/usr/include/simde/x86/avx512.h'],
    packages: ['libsimde-dev'],
  },
  threads: {
    title: 'ThreadSanitizer',
    cmake: ['-DEVENKEEL_SANITIZE=thread'],
    isas: ALL_ISAS,
    threads: [3],
  },
}

const name = process.argv[2] ?? 'sanitized'
const build = BUILDS[name]
if (build === undefined) stop(`no build ${name}; there are ${Object.keys(BUILDS).join(', ')}`)
const directory = `build-cmake/${name}`

checkTools()
buildIn(directory, build.cmake)
const env = testEnvironment()
run('ctest', ['--test-dir', directory, '--output-on-failure', '--no-tests=error'], 'inherit', env)
replay(env)
console.log(`native tests, ${build.title}: passed`)

function checkTools() {
  const programs = (build.programs ?? []).filter((program) => !onPath(program))
  const files = (build.files ?? []).filter((file) => !existsSync(file))
  needTools([...programs, ...files], build.packages)
}

/** Turns leak detection on if it is possible. LeakSanitizer traces its own process, which some containers forbid. */
function testEnvironment() {
  const environment = { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1' }
  if (!build.leaks) return environment
  const probe = spawnSync(`${root}${directory}/native_tests`, ['plan'], {
    encoding: 'utf8',
    env: { ...environment, ASAN_OPTIONS: 'detect_leaks=1' },
  })
  const forbidden = probe.stderr.includes('LeakSanitizer has encountered a fatal error')
  if (forbidden) console.warn('native tests: leaks are not detected, because tracing is forbidden here.')
  return { ...environment, ASAN_OPTIONS: `detect_leaks=${forbidden ? 0 : 1}` }
}

/** Runs test/replay.test.ts with the replay program of this build. */
function replay(environment) {
  const command = [...(build.emulator ?? []), `${root}${directory}/replay`]
  const { title, threads } = build
  const [program, ...first] = command
  const printed = (option) => spawnSync(program, [...first, option], { encoding: 'utf8' }).stdout.trim()
  const isas = build.isas ?? printed('--isas').split('\n')
  const replayer = JSON.stringify({ title, command, isas, threads, openmp: printed('--openmp') })
  const vitest = `${root}node_modules/vitest/vitest.mjs`
  run(process.execPath, [vitest, 'run', 'test/replay.test.ts'], 'inherit', {
    ...environment,
    EVENKEEL_REPLAY: replayer,
  })
}
