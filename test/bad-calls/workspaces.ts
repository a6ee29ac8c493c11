import { gradients, LayerNorm, layerNorm, type Tensor, type Workspace, workspace } from '../../src/index.js'
import { onRows, plain, type Row, type Scene, some, used, wrong } from './scene.js'

const SHAPE = [4, 8]
const ONE = 'write const work = workspace(), and pass { workspace: work }'
const KEEP = 'pass what a call with this workspace returned, before release()'

/** A layer with a workspace, whose last result was released. */
function released(bad: (layer: LayerNorm, y: Tensor, work: Workspace) => unknown) {
  return (): Scene => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const y = layer.forward(some(SHAPE))
    work.release()
    return { call: () => bad(layer, y, work) }
  }
}

export const WORKSPACES: readonly Row[] = [
  [
    'an unknown option of workspace',
    'EVENKEEL_OPTION',
    'workspace: there is no option checked; try check.',
    plain(() => workspace(wrong({ checked: true }))),
  ],
  [
    'a check that is no switch',
    'EVENKEEL_OPTION',
    'workspace: check must be true or false, got 1; give one of these.',
    plain(() => workspace(wrong({ check: 1 }))),
  ],
  [
    'a layer whose workspace is a number of bytes',
    'EVENKEEL_OPTION',
    `LayerNorm: workspace must be one that workspace() has made, got 1024; ${ONE}.`,
    plain(() => new LayerNorm(8, wrong({ workspace: 1024 }))),
  ],
  [
    'a forward whose workspace is the function',
    'EVENKEEL_OPTION',
    `LayerNorm: workspace must be one that workspace() has made, got the function workspace; ${ONE}.`,
    onRows((layer) => layer.forward(some(SHAPE), wrong({ workspace }))),
  ],
  [
    'a backward whose workspace is null',
    'EVENKEEL_OPTION',
    `LayerNorm: workspace must be one that workspace() has made, got null; ${ONE}.`,
    onRows((layer) => layer.backward(some(SHAPE), wrong({ workspace: null }))),
  ],
  [
    'a function whose workspace is a copy',
    'EVENKEEL_OPTION',
    `layerNorm: workspace must be one that workspace() has made, got {}; ${ONE}.`,
    plain(() => layerNorm(some(SHAPE), wrong({ normalizedShape: 8, workspace: { ...workspace() } }))),
  ],
  [
    'gradients whose workspace is a tensor',
    'EVENKEEL_OPTION',
    `layerNorm: workspace must be one that workspace() has made, got a tensor of [4, 8]; ${ONE}.`,
    plain(() => {
      const { context } = layerNorm(some(SHAPE), { normalizedShape: 8 })
      return gradients(context, some(SHAPE), wrong({ workspace: some(SHAPE) }))
    }),
  ],
  [
    'keep of a released result',
    'EVENKEEL_STATE',
    `workspace: keep() takes a result that was drawn since the last release(), and not kept yet, got a tensor of [4, 8]; ${KEEP}.`,
    released((_, y, work) => work.keep(y)),
  ],
  [
    'keep of nothing',
    'EVENKEEL_STATE',
    `workspace: keep() takes a result that was drawn since the last release(), and not kept yet, got undefined; ${KEEP}.`,
    plain(() => workspace().keep(wrong(undefined))),
  ],
  [
    'keep of a tensor of another workspace',
    'EVENKEEL_STATE',
    `workspace: keep() takes a result that was drawn since the last release(), and not kept yet, got a tensor of [4, 8]; ${KEEP}.`,
    plain(() => {
      const { y } = layerNorm(some(SHAPE), { normalizedShape: 8, workspace: workspace() })
      return workspace().keep(y)
    }),
  ],
  [
    'a gradient whose input was released',
    'EVENKEEL_STATE',
    'LayerNorm: the gradient needs the input and the weight, but they lie in memory that a workspace has taken back; call release() after the gradients of a step, or keep() a result that is needed longer.',
    () => {
      const work = workspace()
      const layer = new LayerNorm(8)
      const x = new LayerNorm(8, { workspace: work }).forward(some(SHAPE))
      const scene = used(layer, x, () => layer.backward(some(SHAPE)))
      work.release()
      return { call: scene.call }
    },
  ],
  [
    'an input that is released, and the memory of the result',
    'EVENKEEL_STATE',
    'LayerNorm: the input is a result that release() took back, and now the memory of this result; call release() after the last use of a result, or keep() that result.',
    released((layer, y) => layer.forward(y)),
  ],
  [
    'a weight that is released, and the memory of the result',
    'EVENKEEL_BUFFER',
    'layerNorm: out overlaps weight in one buffer; give out memory of its own.',
    () => {
      const work = workspace()
      const { y } = layerNorm(some(SHAPE), { normalizedShape: 8, workspace: work })
      const weight = y.data.subarray(0, 8)
      work.release()
      return { call: () => layerNorm(some(SHAPE), { normalizedShape: 8, weight, workspace: work }) }
    },
  ],
]
