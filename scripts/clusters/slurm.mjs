import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort, kill, lastLines } from './place.mjs'
import { checkResult, killInMidShard, newJob } from './shards.mjs'

const SHARDS = 4
const KEY_BYTES = 128
/** In seconds. A task that runs again starts when the credential of its first run is over. Slurm's default is 120. */
const CREDENTIAL_LIFETIME = 5
const LOGS = /^slurm-.*\.out$/
const OVER = /JobState=(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|OUT_OF_MEMORY)/

/** The example on a Slurm of this machine alone. A task is killed, and its script lets Slurm run it again. */
export const slurm = {
  name: 'slurm',
  programs: { munged: 'munge', slurmctld: 'slurm-wlm', slurmd: 'slurm-wlm' },
  async run(place, examples) {
    await startSlurm(place)
    const folder = await newJob(place, 'slurm-job')
    try {
      return await submit(place, folder, join(examples, 'slurm/submit.sh'))
    } catch ({ message }) {
      throw new Error(`${message}\n${logsOf(folder)}`)
    }
  },
}

async function submit(place, folder, script) {
  const submitted = await place.run([script], { cwd: folder })
  const killed = await killInMidShard(place, folder, SHARDS, kill)
  const [, merge] = /merge (\d+)/.exec(submitted)
  const state = await place.until('the merge ends', async () => {
    const job = await place.run(['scontrol', '--oneliner', 'show', 'job', merge])
    return OVER.exec(job)?.[1]
  })
  if (state !== 'COMPLETED') throw new Error(`the merge ended as ${state}`)
  return `${killed}, run again; ${checkResult(place, folder, SHARDS, LOGS)}`
}

async function startSlurm(place) {
  const home = place.newFolder('slurm')
  const socket = join(home, 'munge.socket')
  const key = join(home, 'munge.key')
  writeFileSync(key, randomBytes(KEY_BYTES), { mode: 0o600 })
  const files = ['pid-file', 'log-file', 'seed-file'].map(
    (each) => `--${each}=${join(home, `munge.${each}`)}`,
  )
  // Forced, because the folder for temporary files belongs to all users.
  place.startDaemon([
    'munged',
    '--foreground',
    '--force',
    `--socket=${socket}`,
    `--key-file=${key}`,
    ...files,
  ])
  await place.until('munged listens', () => readdirSync(home).includes('munge.socket'))
  const config = join(home, 'slurm.conf')
  writeFileSync(config, configuration(home, socket, await freePort(), await freePort()))
  place.env.SLURM_CONF = config
  place.startDaemon(['slurmctld', '-D', '-i'])
  place.startDaemon(['slurmd', '-D'])
  const nodes = () => place.run(['sinfo', '--noheader', '--format=%T']).catch(() => '')
  await place.until('the node is idle', async () => (await nodes()) === 'idle')
}

function configuration(home, socket, controllerPort, nodePort) {
  const { username } = userInfo()
  const host = hostname()
  return `
ClusterName=evenkeel
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
SlurmUser=${username}
SlurmdUser=${username}
AuthType=auth/munge
AuthInfo=socket=${socket},cred_expire=${CREDENTIAL_LIFETIME}
StateSaveLocation=${home}/state
SlurmdSpoolDir=${home}/spool
SlurmctldPidFile=${home}/slurmctld.pid
SlurmdPidFile=${home}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${SHARDS} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
`
}

/** What the tasks printed. */
function logsOf(folder) {
  const names = readdirSync(folder).filter((name) => LOGS.test(name))
  return names.map((name) => `${name}: ${lastLines(readFileSync(join(folder, name), 'utf8'))}`).join('\n')
}
