import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What was found of one tarball, kept in a file; those of another are forgotten. */
export class Results {
  #path
  #found

  /** @param tarball a hash of it */
  constructor(path, tarball) {
    this.#path = path
    const stored = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
    this.#found = stored?.tarball === tarball ? stored : { tarball, rows: {} }
  }

  set(id, row) {
    this.#found.rows[id] = { ...this.#found.rows[id], ...row }
    writeFileSync(this.#path, JSON.stringify(this.#found, null, 2))
  }

  get(id) {
    return this.#found.rows[id]
  }
}
