import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NPM_INSTALL } from '../environments/glibc.mjs'
import { must } from '../processes.mjs'
import { emptyProject } from '../store.mjs'

/** Makes a project with these packages (name@version), the tarball and these files (name -> text). */
export function projectWith({ store, tarball }, id, packages, files) {
  const tools = store.once(
    join('tools', `${id}-${packages.join('-').replaceAll(/[^\w.-]/g, '-')}`),
    (folder) => {
      emptyProject(folder)
      if (packages.length > 0) must(['npm', ...NPM_INSTALL, '--save-exact', ...packages], { cwd: folder })
    },
  )
  const project = store.project(id)
  cpSync(tools, project, { recursive: true, verbatimSymlinks: true })
  must(['npm', ...NPM_INSTALL, tarball], { cwd: project })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text)
  return project
}

/** The program that is bundled. It prints the backend and whether its bits are right. */
export const PROGRAM = `
import { info } from 'evenkeel'
import { selftest } from 'evenkeel/selftest'

selftest().then(({ ok, digest, expected, runs }) => {
  console.log(JSON.stringify({ ...info(), ok: ok && digest === expected, digest, runs: runs.length }))
})
`

/** Runs a bundle outside the project, where there is no node_modules, and returns what it printed. */
export function runAlone(bundle, file) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-bundle-'))
  try {
    cpSync(bundle, folder, { recursive: true })
    return foundNative(must([process.execPath, join(folder, file)], { cwd: folder }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Reads the output of PROGRAM, which must have found the addon. */
export function foundNative(printed) {
  const { backend, isa, loadErrors, ok, digest } = JSON.parse(printed)
  if (backend !== 'native') throw new Error(`the ${backend} backend: ${loadErrors.join('; ')}`)
  if (!ok) throw new Error(`other bits: ${digest}`)
  return `${backend}, ${isa}, ${digest}`
}
