import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** The results of one tarball, kept in a file. Results of another tarball are discarded. */
export class Results {
  #path
  #tarball

  /** @param tarball a hash of it */
  constructor(path, tarball) {
    this.#path = path
    this.#tarball = tarball
  }

  /** Reads the file each time, because other processes may run other rows at the same time. */
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
