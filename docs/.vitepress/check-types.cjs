// Checks the types of .vue files too. vue-tsc needs the TypeScript of this folder: the newer one of the project has no API
// that it could use.
require('vue-tsc').run(require.resolve('typescript/lib/tsc'))
