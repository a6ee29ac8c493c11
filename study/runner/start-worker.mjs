// Loads worker.ts in a worker thread, which does not inherit the TypeScript loader of the thread that began it.
import { tsImport } from 'tsx/esm/api'

await tsImport('./worker.ts', import.meta.url)
