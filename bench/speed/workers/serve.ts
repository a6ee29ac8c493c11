import { closeSync, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { bytesOf } from '../data.js'
import type { Prepare, Reply, Request } from '../protocol.js'
import { type Outputs, outputNames } from '../truth.js'

// The worker's side of protocol.ts: what all contenders in JavaScript share.

/** A case that is ready to be timed. */
export interface Prepared {
  /** Runs it once, into zeroed gradients where it adds to them. Absent where there is nothing to check. */
  once?(): Outputs | Promise<Outputs>
  /** The names of the variants, where it has several. */
  readonly variants?: readonly string[]
  /** Nanoseconds of one iteration, the mean of so many; several where the contender has variants. */
  time(iterations: number): number[] | Promise<number[]>
}

export interface Worker {
  readonly version: string
  /** A string where the contender has no such operation, and why. */
  prepare(request: Prepare): Prepared | string | Promise<Prepared | string>
  /** Drops what `prepare` made. */
  release?(): void
}

/** The mean of `iterations` calls in a plain loop, as a user would write it: what a call costs in JavaScript is in it. */
export function timeCalls(call: () => unknown, iterations: number): number[] {
  const start = performance.now()
  for (let i = 0; i < iterations; i++) call()
  return [nanosecondsSince(start) / iterations]
}

/** Milliseconds of performance.now() to nanoseconds from then on. */
export function nanosecondsSince(start: number): number {
  return (performance.now() - start) * 1e6
}

/** Answers requests until stdin ends. */
export async function serve(start: () => Worker | Promise<Worker>): Promise<void> {
  // stdout carries replies only.
  console.log = console.error
  const say = (reply: Reply) => void process.stdout.write(`${JSON.stringify(reply)}\n`)
  let worker: Worker
  try {
    worker = await start()
  } catch (error) {
    say({ error: messageOf(error) })
    return
  }
  say({ version: worker.version })
  const prepared = new Map<string, Prepared>()
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await answer(worker, prepared, JSON.parse(line) as Request))
    } catch (error) {
      say({ error: messageOf(error) })
    }
  }
}

async function answer(worker: Worker, prepared: Map<string, Prepared>, request: Request): Promise<Reply> {
  if (request.do === 'release') {
    prepared.clear()
    worker.release?.()
    return { version: worker.version }
  }
  const { contender } = request
  if (request.do === 'prepare') {
    const made = await worker.prepare(request)
    if (typeof made === 'string') return { none: made }
    prepared.set(contender, made)
    if (made.once) writeOutputs(request, await made.once())
    return { prepared: made.variants ?? [''] }
  }
  const ready = prepared.get(contender)
  if (ready === undefined) return { error: `${contender} is not prepared` }
  if (request.warmUp > 0) await ready.time(request.warmUp)
  return { nanoseconds: await ready.time(request.iterations) }
}

function writeOutputs({ bench, outputs: file }: Prepare, outputs: Outputs): void {
  const descriptor = openSync(file, 'w')
  try {
    for (const name of outputNames(bench)) {
      const bytes = bytesOf(outputs[name]!)
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    }
  } finally {
    closeSync(descriptor)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
