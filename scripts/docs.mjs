// Builds the documentation site into docs/.vitepress/dist: the API reference from the docstrings, the digests of the
// native backend for the live page, then the pages. It uses no network. DOCS_BASE: the folder of the site on its
// server, as in /evenkeel/. Default: /.
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const site = join(root, 'docs', '.vitepress')
// npm may place the tools of the site beside it, or at the top.
const tools = createRequire(join(site, 'package.json'))

/** The folder of a package, whose package.json need not be exported. */
const folderOf = (name) =>
  tools.resolve
    .paths(name)
    .map((folder) => join(folder, name))
    .find((folder) => existsSync(join(folder, 'package.json')))

function run(args) {
  execFileSync(process.execPath, args, { cwd: site, stdio: 'inherit' })
}

rmSync(join(root, 'docs', 'reference'), { recursive: true, force: true })
run([join(folderOf('typedoc'), 'bin', 'typedoc'), '--options', 'typedoc.mjs'])
run(['--import', 'tsx', join('live', 'write-native.ts')])
run([join(folderOf('vitepress'), 'bin', 'vitepress.js'), 'build', join(root, 'docs')])
