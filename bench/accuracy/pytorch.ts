import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Measured, Outputs } from './measure.js'

const SCRIPT = fileURLToPath(new URL('./pytorch.py', import.meta.url))

export interface PyTorch {
  readonly version: string
  /** One per input, in order. */
  readonly outputs: readonly Outputs[]
}

/** Runs the inputs through PyTorch, in the Python that EVENKEEL_PYTHON names; null where it names none. */
export function runPyTorch(measured: readonly Measured[]): PyTorch | null {
  const python = process.env.EVENKEEL_PYTHON
  if (!python) return null
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-accuracy-'))
  try {
    const manifest = measured.map(({ row: { plan, torch } }) => ({
      ...torch,
      shape: plan.shape,
      eps: plan.eps,
      parameters: plan.affineLength,
    }))
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest))
    measured.forEach(({ buffers: { x, dy, weight, bias } }, i) => {
      const parts = [x, dy, weight, bias].map((array) => new Uint8Array(array.buffer))
      writeFileSync(join(directory, `${i}.in`), Buffer.concat(parts))
    })
    const version = execFileSync(python, [SCRIPT, directory], { encoding: 'utf8' }).trim()
    return { version, outputs: measured.map((each, i) => readOutputs(each, join(directory, `${i}.out`))) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function readOutputs({ row: { plan } }: Measured, file: string): Outputs {
  const all = new Float32Array(Uint8Array.from(readFileSync(file)).buffer)
  const { size, affineLength } = plan
  return {
    y: all.subarray(0, size),
    dx: all.subarray(size, 2 * size),
    dweight: all.subarray(2 * size, 2 * size + affineLength),
    dbias: all.subarray(2 * size + affineLength),
  }
}
