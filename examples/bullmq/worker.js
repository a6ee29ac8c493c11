// npm run worker
//
// Takes shards and merges from the queue, one at a time. Start one worker per machine, or several.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UnrecoverableError, Worker } from 'bullmq'
import { connection, QUEUE } from './queue.js'

/** Runs the command as a process of its own, so that this one can tell Redis that it is alive. */
async function evenkeel(...args) {
  try {
    const { stdout } = await promisify(execFile)('evenkeel', [...args, '--json'])
    return JSON.parse(stdout)
  } catch (error) {
    // 1 is an error of the input, and 2 one of the command line: they would come again. Others are signals.
    if (error.code === 1 || error.code === 2) throw new UnrecoverableError(error.stderr)
    throw error
  }
}

const COMMANDS = {
  fit: ({ data: { inputs, out, shard } }) => evenkeel('fit', ...inputs, '--out', out, '--shard', shard),
  async merge(job) {
    const parts = Object.values(await job.getChildrenValues()).map(({ path }) => path)
    return evenkeel('merge', ...parts, '--out', job.data.out)
  },
}

const worker = new Worker(QUEUE, (job) => COMMANDS[job.name](job), {
  connection,
  // So often may the worker of a shard be killed. BullMQ gives the shard to another one after 30 s.
  maxStalledCount: 3,
})
worker.on('failed', (job, error) => console.error(`${job?.name} ${job?.data.shard ?? ''}: ${error.message}`))
worker.on('error', (error) => console.error(error.message))

// Ends when the job at hand is done.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => worker.close())
