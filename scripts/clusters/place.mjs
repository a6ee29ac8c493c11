import { execFile, spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** The variable that all processes of a place have in their environment, those of their children included. */
const MARK = 'EVENKEEL_CLUSTERS'
/** In milliseconds: longer than any step takes on a busy machine. What takes longer hangs. */
const TIME_LIMIT = 300_000
const POLL_INTERVAL = 20
const SHOWN_LINES = 20

/** A temporary folder, and the processes that belong to it. end() removes both. */
export class Place {
  #failure
  #over = false
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-clusters-'))
  /** Of all processes. Engines may add to it. */
  env = { ...process.env, [MARK]: this.folder, TMPDIR: this.newFolder('tmp') }

  path(...names) {
    return join(this.folder, ...names)
  }

  newFolder(...names) {
    const path = this.path(...names)
    mkdirSync(path, { recursive: true })
    return path
  }

  /** Runs a program to its end, and returns its output. Throws unless it ends well. */
  async run([program, ...args], { cwd = this.folder, env = {} } = {}) {
    const options = { cwd, env: { ...this.env, ...env }, timeout: TIME_LIMIT, killSignal: 'SIGKILL' }
    try {
      const { stdout } = await promisify(execFile)(program, args, options)
      return stdout.trim()
    } catch (error) {
      const { code, signal, stdout = '', stderr = '' } = error
      const output = lastLines(`${stdout}\n${stderr}`)
      throw new Error(`${[program, ...args].join(' ')}: ended with ${signal ?? code}\n${output}`)
    }
  }

  /** Starts a program that goes on. It leads a process group, and its output goes to a log. */
  start([program, ...args], { cwd = this.folder } = {}) {
    const path = this.path(`${basename(program)}.log`)
    const log = openSync(path, 'a')
    const child = spawn(program, args, { cwd, env: this.env, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    const ended = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message))
      child.on('exit', (code, signal) => resolve(signal ?? code))
    })
    return { ended, log: () => lastLines(readFileSync(path, 'utf8')) }
  }

  /** Starts a program that must not end. If it does, until() throws. */
  startDaemon(command) {
    const { ended, log } = this.start(command)
    ended.then((how) => {
      if (!this.#over) this.#failure ??= `${command.join(' ')}: ended with ${how}\n${log()}`
    })
  }

  /** Waits until `check` returns something, and returns it. */
  async until(what, check) {
    const end = Date.now() + TIME_LIMIT
    for (; Date.now() < end && !this.#over; await sleep(POLL_INTERVAL)) {
      if (this.#failure !== undefined) throw new Error(this.#failure)
      const found = await check()
      if (found) return found
    }
    throw new Error(`waited ${TIME_LIMIT / 1000} s in vain: ${what}`)
  }

  /**
   * The processes of this place that still run. Redis and the helpers of slurmd overwrite their environment, but they
   * run in the folder.
   */
  processes() {
    const mark = `${MARK}=${this.folder}\0`
    const isOurs = (pid) =>
      readProcess(pid, 'environ')?.includes(mark) || `${currentFolder(pid)}/`.startsWith(`${this.folder}/`)
    return processIds().filter(isOurs)
  }

  /** Ends all processes, and removes the folder. It is synchronous, so that a signal handler can call it. */
  end() {
    this.#over = true
    // A process may start another one while this loop runs.
    for (let pids = this.processes(); pids.length > 0; pids = this.processes()) pids.forEach(kill)
    // A process that is being killed may write a little longer.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function processIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** A file of a process. Undefined if the process has ended, or is another user's. */
function readProcess(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return undefined
  }
}

function currentFolder(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** Kills a process, or by a negative number a group. */
export function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** The process group of a process. */
export function groupOf(pid) {
  // The name of the program stands in parentheses, and may have any characters. Then come state, parent and group.
  const [, , group] = readProcess(pid, 'stat').split(') ').at(-1).split(' ')
  return Number(group)
}

export function lastLines(text) {
  return text.trim().split('\n').slice(-SHOWN_LINES).join('\n')
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
