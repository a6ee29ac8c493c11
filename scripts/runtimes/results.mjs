import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What was found of one tarball, kept in a file; those of another are forgotten. */
export class Results {
  #path
  #tarball

  /** @param tarball a hash of it */
  constructor(path, tarball) {
    this.#path = path
    this.#tarball = tarball
  }

  /** Read anew each time: other rows may be run beside this process. */
  get #rows() {
    const stored = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, 'utf8')) : null
    return stored?.tarball === this.#tarball ? stored.rows : {}
  }

  set(id, row) {
    const rows = this.#rows
    rows[id] = { ...rows[id], ...row }
    writeFileSync(this.#path, JSON.stringify({ tarball: this.#tarball, rows }, null, 2))
  }

  get(id) {
    return this.#rows[id]
  }
}
