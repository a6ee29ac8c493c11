import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'
import { PREBUILT } from '../support/package.js'
import { type Environment, isRoot, report, type Scene } from './environment.js'

// Places in which the package may be, and ways to load it.

const only = PREBUILT !== null
const native = { backend: 'native', errors: [], hint: null } as const
const byImport = report((name) => `import('${name}')`)
const byRequire = report((name) => `require('${name}')`)

/** Moves the package to another place, and makes `project`/node_modules/evenkeel a link to it. */
function linkTo({ root }: Scene, place: string): void {
  mkdirSync(dirname(place), { recursive: true })
  renameSync(root, place)
  symlinkSync(place, root, 'dir')
}

/** Bundles everything into one file, in a folder of its own, and removes the package. The test runs that file. */
function bundle({ project, root }: Scene, nodeFiles: 'copy' | 'file', format: 'cjs' | 'esm' = 'cjs'): void {
  const entry = join(project, 'entry.js')
  writeFileSync(
    entry,
    format === 'cjs'
      ? byRequire
      : byImport.replace("require('node:fs')", "process.getBuiltinModule('node:fs')"),
  )
  const banner =
    "import { createRequire } from 'node:module'; import { dirname as dirnameOf } from 'node:path'; const require = createRequire(import.meta.url); const __dirname = dirnameOf(new URL(import.meta.url).pathname)"
  buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format,
    outfile: join(project, 'out', format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs'),
    loader: { '.node': nodeFiles },
    banner: format === 'esm' ? { js: banner } : {},
    logLevel: 'silent',
  })
  rmSync(root, { recursive: true })
}
const bundled = "require('./out/bundle.cjs')"

/** Mounts the project's modules again with this option, for this process only. */
const mounted = (option: string) =>
  `exec unshare -m bash --norc -c 'mount --bind node_modules node_modules && mount -o remount,bind,${option} node_modules && exec "$@"' bash "$@"`
const canMount =
  isRoot &&
  spawnSync('unshare', ['-m', 'mount', '--bind', tmpdir(), tmpdir()], { stdio: 'ignore' }).status === 0

export const places: readonly Environment[] = [
  { name: 'a read-only file system', only: only && canMount, shell: mounted('ro'), expected: native },
  {
    name: 'a file system that runs no programs',
    only: only && canMount,
    shell: mounted('noexec'),
    expected: {
      backend: 'portable',
      errors: [
        /^prebuilds.*: its file system runs no programs \(noexec\), or memory is short; move the package/,
      ],
    },
  },
  { name: 'ES modules', only, script: byImport, expected: native },
  ...[byRequire, byImport].map((script) => ({
    name: `the condition browser, by ${script === byRequire ? 'require' : 'import'}`,
    node: ['--conditions=browser'],
    script,
    expected: { backend: 'portable', errors: [/^browsers load no addons$/], hint: null } as const,
  })),
  {
    name: 'both builds in one process, with one count of threads',
    only,
    script: `
      const required = require('evenkeel')
      import('evenkeel').then((imported) => {
        required.setThreads(5)
        const counts = [required, imported].map(({ info }) => info().threads)
        const { backend, loadErrors } = imported.info()
        console.log(JSON.stringify({ backend, errors: loadErrors, ok: required !== imported && counts.join() === '5,5' }))
      })`,
    expected: native,
  },
  {
    name: 'both builds in one process, with one hint',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    script: `require('evenkeel'); (async () => { await import('evenkeel') })().then(() => {${byRequire}})`,
    expected: { backend: 'portable', hint: /^evenkeel: [^\n]*\n$/ },
  },
  {
    name: 'a link to the package',
    only,
    arrange: (scene) => linkTo(scene, join(scene.project, 'elsewhere/evenkeel')),
    expected: native,
  },
  {
    name: 'a link to the package, --preserve-symlinks',
    only,
    arrange: (scene) => linkTo(scene, join(scene.project, 'elsewhere/evenkeel')),
    node: ['--preserve-symlinks'],
    expected: native,
  },
  {
    name: 'a path with spaces, letters beyond ASCII, # and %',
    only,
    arrange: (scene) => linkTo(scene, join(scene.project, 'ein Ort, näher 100% #1 日本/evenkeel')),
    script: byImport,
    expected: native,
  },
  {
    name: 'a bundle that copies the binary',
    only,
    arrange: (scene) => bundle(scene, 'copy'),
    script: bundled,
    expected: native,
  },
  {
    name: 'the folder of such a bundle, moved',
    only,
    arrange: (scene) => {
      bundle(scene, 'copy')
      cpSync(join(scene.project, 'out'), join(scene.project, 'moved'), { recursive: true })
      rmSync(join(scene.project, 'out'), { recursive: true })
    },
    script: "require('./moved/bundle.cjs')",
    expected: native,
  },
  {
    name: 'a bundle of ES modules that copies the binary',
    only,
    arrange: (scene) => bundle(scene, 'copy', 'esm'),
    script: "import('./out/bundle.mjs')",
    expected: native,
  },
  {
    name: 'a bundle without its binary',
    only,
    arrange: (scene) => {
      bundle(scene, 'copy')
      const out = join(scene.project, 'out')
      for (const name of readdirSync(out)) if (name.endsWith('.node')) rmSync(join(out, name))
    },
    script: bundled,
    expected: { backend: 'portable', errors: [/^prebuilds\/.*: it is not there; reinstall evenkeel, or/] },
  },
  {
    name: 'a bundle that takes the binary for an asset',
    only,
    arrange: (scene) => bundle(scene, 'file'),
    script: bundled,
    expected: {
      backend: 'portable',
      errors: [
        /what was loaded is no addon; a bundler must copy .node files and leave the require \(esbuild: --loader:.node=copy\)/,
      ],
    },
  },
]
