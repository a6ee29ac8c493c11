// Prints the milliseconds from before the import of evenkeel to its first result, in a process that does nothing else.
const begin = performance.now()
const { LayerNorm, tensor } = await import('evenkeel')
new LayerNorm(64).forward(tensor(new Float32Array(64 * 64).fill(1), [64, 64]))
console.log(performance.now() - begin)
