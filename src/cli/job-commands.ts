import type { Command } from 'commander'
import type { NonFinite } from '../data/chunk-statistics.js'
import type { ResultType } from '../data/element-types.js'
import type { Preset } from '../data/presets.js'
import type { Format } from '../files/reader.js'
import type { RowNorm } from '../jobs/operation.js'
import type { TrainedNorm } from '../jobs/trained-layer.js'
import type { Action } from './action.js'
import { axisOf, columnsOf, epsOf, groupsOf, threadsOf } from './job-options.js'

// The commands of batch jobs: their arguments, options and help.

// The choices are written out, because their modules load the library.
const PRESETS: readonly Preset[] = ['sklearn', 'keras', 'spark']
const NON_FINITE: readonly NonFinite[] = ['error', 'missing']
const FORMATS: readonly Format[] = ['npy', 'safetensors', 'arrow', 'parquet', 'csv']
const DTYPES: readonly ResultType[] = ['float16', 'float32', 'float64']
const NORMS: readonly (RowNorm | TrainedNorm)[] = ['layer', 'rms', 'l2', 'batch', 'group', 'instance']

/** Makes a command. Its action is loaded when it runs. */
export type MakeCommand = <Options>(
  name: string,
  description: string,
  load: () => Promise<Action<Options>>,
) => Command

export function addJobCommands(make: MakeCommand): void {
  addFit(make)
  addMerge(make)
  addApply(make)
  addInspect(make)
  addVerify(make)
}

function addFit(make: MakeCommand): void {
  const fit = make(
    'fit',
    'learn the mean and the deviation of each feature of files of any size',
    async () => (await import('./fit.js')).fit,
  )
    .argument('<inputs...>', "files or patterns in quotes, such as 'in/*.npy', or - for an npy stream")
    .requiredOption('--out <file>', 'where the statistics are written, or - for standard output')
  withChoices(fit, '--preset <name>', 'whose conventions (default: sklearn)', PRESETS)
  fit.option(
    '--axis <dimension>',
    'the dimension of the features, or none for one feature (default: -1)',
    axisOf,
  )
  fit.addOption(
    fit.createOption('--with-mean', 'subtract the mean (spark does not)').conflicts('withoutMean'),
  )
  fit.option('--without-mean', 'do not subtract the mean')
  fit.option('--without-std', 'do not divide by the deviation')
  withChoices(fit, '--non-finite <what>', 'what NaN and Infinity are (default: error)', NON_FINITE)
  withInputs(fit)
  withShards(fit)
  withRun(fit)
  fit.addHelpText(
    'after',
    `
Examples:
  evenkeel fit 'in/*.npy' --out stats.json
  evenkeel fit 'in/*.parquet' --columns age,income --non-finite missing --out stats.json
  evenkeel fit 'in/*.npy' --out stats.json --shard 0/8      one of eight processes, see evenkeel merge

A fit that was killed goes on when the same command runs again. Its journal is FILE.journal.`,
  )
}

function addMerge(make: MakeCommand): void {
  const merge = make(
    'merge',
    'merge the parts of all shards of a fit',
    async () => (await import('./merge.js')).merge,
  )
    .argument('<parts...>', 'the files STATS.shard-I-of-N.json of all shards, or a pattern')
    .requiredOption('--out <file>', 'where the statistics are written, or - for standard output')
  withOutput(merge)
  merge.addHelpText(
    'after',
    `
Example:
  evenkeel merge 'stats.json.shard-*' --out stats.json

The result has the bits of one process.`,
  )
}

function addApply(make: MakeCommand): void {
  const apply = make(
    'apply',
    'scale files by statistics, or normalize them by a norm or a trained layer',
    async () => (await import('./apply.js')).apply,
  )
    .usage(
      '[options] <statistics> <inputs...>\n       evenkeel apply [options] --norm <norm> <inputs...>\n       evenkeel apply [options] --layer <file> <inputs...>',
    )
    .argument(
      '<inputs...>',
      'the statistics of fit (without --norm and --layer), and then files or patterns, or -',
    )
    .requiredOption('--to <folder>', 'where the outputs are written, or - for npy on standard output')
  withChoices(apply, '--dtype <type>', 'the type of the results (default: that of the input)', DTYPES)
  withChoices(apply, '--format <format>', 'the format of the outputs (default: that of the input)', FORMATS)
  apply.option('--inverse', 'undo the scaling')
  withChoices(
    apply,
    '--norm <norm>',
    'layer, rms or l2: needs no statistics; with --layer, what the layer is',
    NORMS,
  )
  apply.option('--layer <file>', 'a trained layer: a state dict as safetensors or JSON')
  apply.option('--prefix <text>', "what stands before the layer's names in the state dict of a model")
  apply.option('--groups <count>', 'the groups of a trained group norm', groupsOf)
  apply.option('--eps <number>', "what is added to the variance (default: that of PyTorch's norms)", epsOf)
  apply.option(
    '--axis <dimension>',
    'of --norm and --layer: the dimension of the features (default: -1)',
    axisOf,
  )
  withInputs(apply)
  withShards(apply)
  withRun(apply)
  apply.addHelpText(
    'after',
    `
Examples:
  evenkeel apply stats.json 'in/*.npy' --to out --dtype float16
  evenkeel apply stats.json 'out/*.npy' --to again --inverse
  evenkeel apply --norm rms 'in/*.npy' --to out
  evenkeel apply --layer model.safetensors --prefix bn1. 'in/*.npy' --to out

A second run does what the first did not finish. FOLDER/evenkeel-manifest.jsonl lists what is finished.`,
  )
}

function addInspect(make: MakeCommand): void {
  const inspect = make(
    'inspect',
    'show what a fit has learned of each feature',
    async () => (await import('./inspect.js')).inspect,
  )
    .argument('<statistics>', 'what fit or merge wrote')
    .argument('[inputs...]', 'for the histograms of a report: the files that were fitted')
    .option('--report <file>', 'write an HTML page instead')
  withInputs(inspect)
  withOutput(inspect)
  inspect.addHelpText(
    'after',
    `
Examples:
  evenkeel inspect stats.json
  evenkeel inspect stats.json 'in/*.npy' --report stats.html`,
  )
}

function addVerify(make: MakeCommand): void {
  make(
    'verify',
    'check that the outputs of apply are all there and whole, or that statistics are sound',
    async () => (await import('./verify.js')).verify,
  )
    .argument('<path>', 'the folder of apply, or the statistics of fit')
    .option('--json', 'print it as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  evenkeel verify out
  evenkeel verify stats.json`,
    )
}

function withChoices(command: Command, flags: string, text: string, choices: readonly string[]): void {
  command.addOption(command.createOption(flags, text).choices(choices))
}

function withInputs(command: Command): void {
  withChoices(
    command,
    '--input-format <format>',
    'the format of the inputs (default: by their endings)',
    FORMATS,
  )
  command.option(
    '--columns <list>',
    'of tables: names or numbers from 0, such as a,b,3 (default: all numbers)',
    columnsOf,
  )
  command.option('--tensor <name>', 'of safetensors: which tensor')
}

function withShards(command: Command): void {
  command.option(
    '--shard <i/n>',
    'do part i of n, from 0, or all (default: the task of a Slurm array, an Indexed Job of Kubernetes with JOB_COMPLETIONS, or the rank of an MPI launcher)',
  )
  command.option('--restart', 'forget what an earlier run has finished')
}

function withRun(command: Command): void {
  command.option(
    '--threads <count>',
    'the threads that compute (default: as many as there are cores)',
    threadsOf,
  )
  withOutput(command)
}

function withOutput(command: Command): void {
  command.option('--json', 'print the result as JSON', false).option('--quiet', 'print errors only')
}
