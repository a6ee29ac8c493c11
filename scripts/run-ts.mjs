// Runs a TypeScript program of the repository without a build: node scripts/run-ts.mjs FILE [arguments].
// Vite is here with vitest; Node 20 itself strips no types.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createServer } from 'vite'

const [file, ...rest] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node scripts/run-ts.mjs FILE [arguments]')
process.argv = [process.argv[0], resolve(file), ...rest]

/** Vite takes what it loads for ES modules; a CommonJS file, as the addon's loader is one, goes through Node's require. */
const commonJs = {
  name: 'commonjs',
  load(id) {
    if (!id.endsWith('.cjs')) return null
    const names = Object.keys(createRequire(id)(id))
    return [
      "import { createRequire } from 'node:module'",
      `const loaded = createRequire(${JSON.stringify(id)})(${JSON.stringify(id)})`,
      ...names.map((name) => `export const ${name} = loaded.${name}`),
    ].join('\n')
  },
}

const server = await createServer({
  configFile: false,
  logLevel: 'warn',
  appType: 'custom',
  plugins: [commonJs],
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true, include: [] },
})
try {
  await server.ssrLoadModule(resolve(file))
} finally {
  await server.close()
}
