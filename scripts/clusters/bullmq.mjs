import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, groupOf, kill } from './place.mjs'
import { checkResult, killInMidShard, newJob } from './shards.mjs'

const SHARDS = 4
const WORKERS = 2

/** The example on a Redis of its own. A worker is killed, and another one gets its shard. */
export const bullmq = {
  name: 'bullmq',
  programs: { 'redis-server': 'redis-server' },
  async run(place, examples, tarball) {
    const app = place.path('bullmq-app')
    cpSync(join(examples, 'bullmq'), app, { recursive: true })
    rmSync(join(app, 'node_modules'), { recursive: true, force: true })
    await place.run(['npm', 'install', '--no-audit', '--no-fund', tarball], { cwd: app })
    await startRedis(place)
    const folder = await newJob(place, 'bullmq-job')
    for (let i = 0; i < WORKERS; i++) place.start(['npm', 'run', 'worker'], { cwd: app })
    const flow = [String(SHARDS), join(folder, 'stats.json'), join(folder, 'in/*.npy')]
    const added = place.run(['npm', 'run', 'add-job', '--', ...flow], { cwd: app })
    // The worker and all that it started, as the end of a container or of a service does.
    const killing = killInMidShard(place, folder, SHARDS, (pid) => kill(-groupOf(pid)))
    const [killed] = await Promise.all([killing, added])
    return `${killed}, done by another worker; ${checkResult(place, folder, SHARDS)}`
  },
}

async function startRedis(place) {
  const port = String(await freePort())
  const home = place.newFolder('redis')
  place.env.REDIS_URL = `redis://127.0.0.1:${port}`
  place.startDaemon(['redis-server', '--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', home])
  const ping = () => place.run(['redis-cli', '-p', port, 'ping']).catch(() => '')
  await place.until('redis answers', async () => (await ping()) === 'PONG')
}
