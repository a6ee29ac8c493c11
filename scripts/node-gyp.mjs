import { createRequire } from 'node:module'

/** The command of node-gyp of the development dependencies. In the PATH there may be another, such as npm's. */
export const NODE_GYP = [process.execPath, createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')]
