// npm run add-job -- 4 /data/stats.json '/data/in/*.npy'
//
// Adds one flow: a child for each shard, and a parent that merges them. It waits for the end.
import { FlowProducer, QueueEvents } from 'bullmq'
import { connection, QUEUE } from './queue.js'

const [count, out, ...inputs] = process.argv.slice(2)
if (inputs.length === 0)
  throw new Error("give the number of shards, the result and the inputs, as in: 4 stats.json 'in/*.npy'")

const fits = Array.from({ length: Number(count) }, (_, i) => ({
  name: 'fit',
  queueName: QUEUE,
  data: { inputs, out, shard: `${i}/${count}` },
  // A second attempt goes on from the journal of the first.
  opts: { attempts: 3, failParentOnFailure: true },
}))

const events = new QueueEvents(QUEUE, { connection })
await events.waitUntilReady()
const flows = new FlowProducer({ connection })
const { job } = await flows.add({ name: 'merge', queueName: QUEUE, data: { out }, children: fits })
console.log(await job.waitUntilFinished(events))
await flows.close()
await events.close()
