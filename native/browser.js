// In the place of load.cjs where there are no addons: browsers, and what bundles for them. browser.cjs is the same for `require`.

export function load() {
  return { addon: null, binary: null, errors: ['browsers load no addons'] }
}

export function parallelism() {
  return 1
}

// Nothing is lost that could be had.
export function hint() {}
