import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

// What all engines do the same way: a folder for their results, a kill in mid-shard, and the comparison.

const OUT = 'stats.json'
/** A shard is in the middle when its journal has so many pieces. */
const KILL_AFTER = 20
/** The shard that is killed. */
const KILLED = 1

const partOf = (index, count) => `${OUT}.shard-${index}-of-${count}.json`

/** A folder for one engine, which sees the inputs as in/. */
export async function newJob(place, name) {
  const folder = place.newFolder(name)
  await place.run(['ln', '-s', place.path('in'), join(folder, 'in')])
  return folder
}

/** Waits until a shard is in the middle, and kills it: `killProcess` gets its process. */
export async function killInMidShard(place, folder, count, killProcess) {
  const part = join(folder, partOf(KILLED, count))
  const journal = `${part}.journal`
  const pid = await place.until(`shard ${KILLED} begins`, () => {
    if (existsSync(part)) throw new Error(`shard ${KILLED} was done before it could be killed`)
    return linesOf(journal) > KILL_AFTER && place.processes().find((each) => hasOpen(each, journal))
  })
  killProcess(pid)
  await place.until(`process ${pid} ends`, () => !place.processes().includes(pid))
  if (!existsSync(journal)) throw new Error(`shard ${KILLED} was done when it was killed`)
  return `killed after ${linesOf(journal) - 1} pieces`
}

function linesOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

function hasOpen(pid, file) {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some((each) => readlinkSync(join(folder, each)) === file)
  } catch {
    // It has ended.
    return false
  }
}

/** Throws unless the result has the bytes of one process, shards cut a file, and nothing else is left over. */
export function checkResult(place, folder, count, logs = /^$/) {
  const parts = Array.from({ length: count }, (_, i) => partOf(i, count))
  const expected = ['in', OUT, ...parts]
  const left = readdirSync(folder).filter((name) => !expected.includes(name) && !logs.test(name))
  if (left.length > 0) throw new Error(`left over: ${left.join(', ')}`)
  const inputs = parts.map((part) => JSON.parse(readFileSync(join(folder, part))).pieces.map((p) => p.input))
  if (!inputs.some((own, i) => i > 0 && own[0] === inputs[i - 1].at(-1)))
    throw new Error('no file was cut between two shards: the test data no longer tests it')
  const [bytes, wanted] = [join(folder, OUT), place.path('one', OUT)].map((path) => readFileSync(path))
  if (!bytes.equals(wanted)) throw new Error('the statistics are not those of one process')
  return `the bits of one process, ${count} shards`
}
