// Milliseconds from before evenkeel is imported until its first result, in a process that has done nothing else.
const begin = performance.now()
const { LayerNorm, tensor } = await import('evenkeel')
new LayerNorm(64).forward(tensor(new Float32Array(64 * 64).fill(1), [64, 64]))
console.log(performance.now() - begin)
