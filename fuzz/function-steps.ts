import type { FloatArray, FunctionalOptions, Normalized, Tensor } from '../src/index.js'
import type { Argument } from './argument.js'
import { callFor, type Makers, overInput, plainResult } from './call.js'
import type { DataSpec, Parameters } from './scenario.js'
import { affineShapeOf, axisOf, channelsOf, isOfRows, shapeOf, sizeOf } from './shapes.js'
import type { Side } from './side.js'

/** The functional forms, and moments. */
export const FUNCTION_STEPS: Makers<'function' | 'gradients' | 'moments' | 'merge' | 'normalize'> = {
  function(side, { x: xSpec, out: outSpec, parameters }) {
    const shape = shapeOf(side.subject)
    const x = side.input('x', xSpec, shape)
    const given = optionsOf(side, parameters)
    const out = side.out(outSpec, x, shape, given.weight as FloatArray | null)
    const options = { ...given, out: out?.tensor }
    const longer = parameters.longer !== 'neither' && parameters[parameters.longer] !== null
    const call = callFor([x, out], [out?.array])
    return {
      ...call,
      bad: call.bad || longer,
      run: () => normalized(side, out, normOf(side)(x.tensor, options)),
    }
  },
  gradients(side, { dy: dySpec, out: outSpec, context: index, into, workspace }) {
    const context = side.contexts[index % side.contexts.length]
    const shape = context?.plan.shape ?? shapeOf(side.subject)
    const dtype = context?.plan.dtype
    const dy = side.input('dy', dySpec, shape, dtype)
    const out = side.out(outSpec, overInput(context, outSpec.seed, dy), shape, context?.weight, dtype)
    const length = context?.plan.affineLength ?? 1
    const array = () =>
      into === 'nothing given' ? undefined : side.array('a gradient', dySpec, length, dtype)
    const dweight = context?.weight === null ? undefined : array()
    const dbias = context?.bias === null ? undefined : into === 'one array' && dweight ? dweight : array()
    const options = { out: out?.tensor, dweight, dbias, workspace: workspace ? side.workspace : undefined }
    const call = callFor([dy, out], [out?.array, dweight, dbias])
    return {
      ...call,
      bad: call.bad || context === undefined || (dweight !== undefined && dweight === dbias),
      run: () => {
        const { dx, dweight: dw, dbias: db } = side.library.evenkeel.gradients(context, dy.tensor, options)
        side.addResult(plainResult(dx, out))
        side.memory.watch("the weight's gradient", dw)
        side.memory.watch("the bias's gradient", db)
        return [side.results.at(-1)?.data, dw, db]
      },
    }
  },
  moments(side, { x: xSpec, about }) {
    const { subject, library } = side
    const { normalized, inner, layout, norm, groups, eps } = subject
    const x = side.input('x', xSpec, shapeOf(subject))
    const channels = {
      layout,
      groups: { GroupNorm: groups, InstanceNorm: 'channels' as const }[norm as string],
    }
    const form = isOfRows(subject) ? { normalizedShape: [...normalized, ...inner] } : channels
    return {
      ...callFor([x], []),
      run: () => {
        const moments = library.evenkeel.moments(x.tensor, { ...form, about, eps })
        for (const name of ['count', 'mean', 'm2'] as const)
          side.memory.watch(`moments' ${name}`, moments[name])
        side.moments.push(moments)
      },
    }
  },
  merge(side, { parts }) {
    const all = parts.map((index) => side.moments[index % side.moments.length])
    return {
      bad: all.length === 0 || side.moments.length === 0,
      run: () => {
        const merged = side.library.evenkeel.mergeMoments(...all)
        for (const name of ['count', 'mean', 'm2'] as const) side.memory.watch(`merged ${name}`, merged[name])
        side.moments.push(merged)
      },
    }
  },
  normalize(side, { x: xSpec, out: outSpec, by }) {
    const { subject, library } = side
    const shape = shapeOf(subject)
    const x = side.input('x', xSpec, shape)
    const out = side.out(outSpec, x, shape, null)
    const moments = side.moments[by % side.moments.length]
    const options = { out: out?.tensor, layout: isOfRows(subject) ? undefined : subject.layout }
    const call = callFor([x, out], [out?.array])
    return {
      ...call,
      bad: call.bad || moments === undefined,
      run: () => normalized(side, out, library.evenkeel.normalize(x.tensor, moments, options)),
    }
  },
}

function normalized(side: Side, out: Argument | null, { y, context }: Normalized): unknown {
  side.addResult(plainResult(y, out))
  side.addContext(context)
  return [side.results.at(-1)?.data]
}

function normOf(side: Side): (x: Tensor, options: FunctionalOptions) => Normalized {
  const { subject, library } = side
  const { evenkeel } = library
  const rows = { normalizedShape: affineShapeOf(subject), axis: axisOf(subject) }
  const { layout, groups } = subject
  return {
    LayerNorm: (x: Tensor, options: FunctionalOptions) => evenkeel.layerNorm(x, { ...options, ...rows }),
    RMSNorm: (x: Tensor, options: FunctionalOptions) => evenkeel.rmsNorm(x, { ...options, ...rows }),
    BatchNorm: (x: Tensor, options: FunctionalOptions) => evenkeel.batchNorm(x, { ...options, layout }),
    GroupNorm: (x: Tensor, options: FunctionalOptions) =>
      evenkeel.groupNorm(x, { ...options, layout, groups }),
    InstanceNorm: (x: Tensor, options: FunctionalOptions) => evenkeel.instanceNorm(x, { ...options, layout }),
  }[subject.norm]
}

function optionsOf(side: Side, parameters: Parameters): FunctionalOptions {
  const { subject, workspace } = side
  const length = sizeOf(affineShapeOf(subject))
  const array = (name: 'weight' | 'bias', spec: DataSpec | null) =>
    spec && side.array(`a given ${name}`, spec, length + (parameters.longer === name ? 1 : 0))
  const common = {
    eps: subject.eps,
    weight: array('weight', parameters.weight),
    bias: array('bias', parameters.bias),
    workspace: parameters.workspace ? workspace : undefined,
  }
  if (subject.norm !== 'BatchNorm' || parameters.statistics === null) return common
  const mean = side.array('a given mean', parameters.statistics, channelsOf(subject))
  const variance = mean.map(Math.abs)
  return { ...common, statistics: { mean, variance } } as FunctionalOptions
}
