// Learn the mean and the deviation of each feature of a file, and write the file scaled. The memory does not grow with
// the file. The same from a shell: npx evenkeel fit, npx evenkeel apply.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Standardizer } from 'evenkeel/data'
import { openReader, openWriter } from 'evenkeel/files'

const [ROWS, FEATURES, CHUNK] = [100_000, 3, 16_384]
const folder = await mkdtemp(join(tmpdir(), 'evenkeel-example-'))
const [raw, scaled] = [join(folder, 'raw.npy'), join(folder, 'scaled.npy')]

await write(raw, function* () {
  for (let row = 0; row < ROWS; row += CHUNK) {
    const rows = Math.min(CHUNK, ROWS - row)
    // Three features: of mean 0, of mean 1000, and constant.
    const value = (i) => [Math.sin(i), 1000 + 20 * Math.cos(i), 7][i % FEATURES]
    const data = Float32Array.from({ length: rows * FEATURES }, (_, i) => value(row * FEATURES + i))
    yield { data, shape: [rows, FEATURES] }
  }
})

const scaler = new Standardizer()
await read(raw, (chunks) => scaler.fit(chunks))
console.log('mean', scaler.mean, 'deviation', scaler.scale)

await read(raw, (chunks) => {
  return write(scaled, async function* () {
    for await (const chunk of chunks) yield scaler.transform(chunk)
  })
})

const check = new Standardizer()
await read(scaled, (chunks) => check.fit(chunks))
console.log('scaled: mean', check.mean, 'deviation', check.scale)
console.log(scaled)

async function read(path, use) {
  const reader = await openReader(path)
  await use(reader.chunks(CHUNK))
  await reader.close()
}

async function write(path, chunksOf) {
  const writer = await openWriter(path, { type: 'float32', rowShape: [FEATURES], rows: ROWS, names: null })
  for await (const chunk of chunksOf()) await writer.write(chunk)
  await writer.commit()
}
