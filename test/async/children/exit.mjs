// Ends while calls are pending, or after them. Arguments: the path of evenkeel, how it ends.
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

const [, , path, how] = process.argv
const href = pathToFileURL(path).href

async function calls() {
  const { LayerNorm } = await import(href)
  const x = { data: new Float32Array(4096 * 1024).fill(1), shape: [4096, 1024] }
  return Array.from({ length: 4 }, () => new LayerNorm(1024).forwardAsync(x))
}

if (how === 'by itself') {
  await Promise.all(await calls())
  console.log('done')
} else if (how === 'before they are done') {
  await calls()
  console.log('done')
} else if (how === 'process.exit') {
  await calls()
  console.log('done')
  process.exit(3)
} else if (how === 'uncaught') {
  await calls()
  console.log('done')
  setImmediate(() => {
    throw new Error('on purpose')
  })
} else {
  // Only workers load evenkeel. When the last worker has ended, Node may unload the addon.
  const programs = {
    'workers only': `
      const x = { data: new Float32Array(1024 * 1024).fill(1), shape: [1024, 1024] }
      for (let i = 0; i < 3; i++) await new LayerNorm(1024).forwardAsync(x)`,
    // Each thread keeps temporaries, which it must free when it ends.
    'workers with temporaries': `
      const x = { data: new Float32Array(2048 * 256), shape: [2048, 256] }
      const norm = new LayerNorm(256)
      norm.forward(x)
      norm.backward(x)
      new BatchNorm(256).forward(x)`,
  }
  if (!(how in programs)) throw new Error(`no way to end is called ${how}`)
  const code = `import(${JSON.stringify(href)}).then(async ({ BatchNorm, LayerNorm }) => {${programs[how]}})`
  for (let i = 0; i < 4; i++) {
    const exit = await new Promise((ended, failed) => {
      new Worker(code, { eval: true }).on('exit', ended).on('error', failed)
    })
    if (exit !== 0) throw new Error(`a worker ended with ${exit}`)
  }
  console.log('done')
}
