import { kill } from './place.mjs'
import { checkResult, killInMidShard, newJob } from './shards.mjs'

const SHARDS = 3
// As root, and with more ranks than cores: this is a test on one machine.
const LAUNCH = ['mpirun', '--allow-run-as-root', '--oversubscribe', '-np', String(SHARDS)]
const FIT = ['evenkeel', 'fit', 'in/*.npy', '--out', 'stats.json', '--threads', '1', '--quiet']
const MERGE = ['evenkeel', 'merge', 'stats.json.shard-*-of-*.json', '--out', 'stats.json', '--quiet']

/** One rank, one shard. A rank is killed, which ends all ranks, and the same command runs again. */
export const mpi = {
  name: 'mpi',
  programs: { mpirun: 'openmpi-bin' },
  async run(place) {
    const folder = await newJob(place, 'mpi-job')
    const first = place.run([...LAUNCH, ...FIT], { cwd: folder }).then(
      () => 'well',
      ({ message }) => message,
    )
    const killed = await killInMidShard(place, folder, SHARDS, kill).catch(async ({ message }) => {
      throw new Error(`${message}\nmpirun ended: ${await first}`)
    })
    if ((await first) === 'well') throw new Error('mpirun did not tell that a rank was killed')
    await place.run([...LAUNCH, ...FIT], { cwd: folder })
    await place.run(MERGE, { cwd: folder })
    return `${killed}, run again; ${checkResult(place, folder, SHARDS)}`
  },
}
