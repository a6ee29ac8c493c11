import { runCommandLine } from './command-line.js'

// npm run bench: how fast evenkeel is, beside others and beside the machine's limit.
await runCommandLine(process.argv.slice(2))
