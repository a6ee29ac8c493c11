'use strict'

// browser.js for `require`: Jest's jsdom environment, and bundles of CommonJS for browsers.

exports.load = function load() {
  return { addon: null, binary: null, errors: ['browsers load no addons'] }
}

exports.parallelism = function parallelism() {
  return 1
}

exports.hint = function hint() {}
