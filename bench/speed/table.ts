import { CONTENDER_NAMES, LIMIT, REFERENCE } from './contenders.js'
import type { Load } from './machine.js'
import { type BenchRecord, byUnit, type Results, unitOf } from './results.js'
import { geometricMean } from './statistics.js'
import { SIZE_CLASSES, sizeClass } from './traffic.js'

// What a run prints: a block per case and number of threads while it runs, and one table at its end.

const HEAD = row('', ['time', 'quartiles', 'GB/s', 'of limit', 'x evenkeel', 'quartiles'])

export function formatUnit(records: readonly BenchRecord[], titles: ReadonlyMap<string, string>): string {
  if (records.length === 0) return ''
  const lines = records.map((record) => {
    const { contender, medianNs, quartilesNs, gbPerSecond, shareOfLimit, ratio, ratioQuartiles } = record
    return row(titles.get(contender) ?? contender, [
      formatTime(medianNs),
      quartilesNs.map(formatTime).join(' to '),
      gbPerSecond.toFixed(1),
      shareOfLimit === null ? '' : shareOfLimit.toFixed(2),
      ratio === null ? '' : threeDigits(ratio),
      ratioQuartiles === null ? '' : ratioQuartiles.map(threeDigits).join(' to '),
    ])
  })
  const { rounds, disturbedRounds } = records[0]
  const disturbed =
    disturbedRounds > 0 ? ` (others were at work in ${disturbedRounds} of ${rounds} rounds)` : ''
  return [unitOf(records[0]) + disturbed, HEAD, ...lines].join('\n')
}

/** The tables of a run, and what it ran on. */
export function formatReport(results: Results): string {
  return [formatTable(results), formatSizes(results), formatMachine(results)].join('\n\n')
}

/** Markdown: a line per case and number of threads, a column per contender, how many times as long each takes as evenkeel. */
export function formatTable({ records }: Pick<Results, 'records'>): string {
  const others = othersIn(records)
  const head = ['', REFERENCE, 'of limit', ...others.map((name) => `${name} takes`)]
  const lines = byUnit(records).map((unit) => {
    const of = (name: string) => unit.find(({ contender }) => contender === name)
    const own = of(REFERENCE)
    return [
      unitOf(unit[0]),
      own ? formatTime(own.medianNs) : '',
      own?.shareOfLimit?.toFixed(2) ?? '',
      ...others.map((name) => formatTakes(of(name))),
    ]
  })
  return markdown(head, lines)
}

/** Markdown: a line per class of size, how many times as long each contender takes: mean (least to most). */
export function formatSizes({ records, machine }: Pick<Results, 'records' | 'machine'>): string {
  const others = othersIn(records)
  const lines = SIZE_CLASSES.map((size) => {
    const own = records.filter((record) => sizeClass(record, machine.caches) === size)
    return [size, ...others.map((name) => formatSpread(own.filter(({ contender }) => contender === name)))]
  })
  return markdown(['', ...others.map((name) => `${name} takes`)], lines)
}

function formatSpread(records: readonly BenchRecord[]): string {
  const ratios = records.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]))
  if (ratios.length === 0) return ''
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map(threeDigits)
  return `${threeDigits(geometricMean(ratios))} (${least} to ${most})`
}

function othersIn(records: readonly BenchRecord[]): string[] {
  return CONTENDER_NAMES.filter(
    (name) => name !== REFERENCE && name !== LIMIT && records.some(({ contender }) => contender === name),
  )
}

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i].length)))
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [head, rule, ...lines].map((line) => `| ${line.map(pad).join(' | ')} |`).join('\n')
}

/** The ratio; the time where evenkeel was not timed beside it. */
function formatTakes(record: BenchRecord | undefined): string {
  if (record === undefined) return ''
  return record.ratio === null ? formatTime(record.medianNs) : threeDigits(record.ratio)
}

function row(title: string, cells: readonly string[]): string {
  const widths = [10, 22, 8, 9, 11, 18]
  return `  ${title.padEnd(22)}${cells.map((cell, i) => cell.padStart(widths[i])).join('')}`
}

/** 0.45 us, 12.3 us, 1.16 ms, 2.00 s: three digits. */
export function formatTime(nanoseconds: number): string {
  const [unit, size] = nanoseconds < 1e6 ? ['us', 1e3] : nanoseconds < 1e9 ? ['ms', 1e6] : ['s', 1e9]
  const value = nanoseconds / (size as number)
  return `${threeDigits(value)} ${unit}`
}

function threeDigits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

export function formatMachine({ machine, versions, load, date, repeatedRounds }: Results): string {
  const { cpu, cores: count, caches, node, compiler, commit } = machine
  const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`
  const cores = (each: Load | null) => each?.busyCores.toFixed(1) ?? '-'
  return [
    `${date}, commit ${commit}`,
    `${cpu}, ${count} cores, L2 ${mebibytes(caches.l2)} each, L3 ${mebibytes(caches.l3)}, Node ${node}, ${compiler}`,
    `others kept ${cores(load.before)} cores busy before and ${cores(load.after)} after; the same arithmetic varied by ` +
      `${(100 * load.before.spread).toFixed(1)} %; ${repeatedRounds} rounds were run again because others were at work`,
    ...[...new Set(Object.values(versions))],
  ].join('\n')
}

/** Each reason once, with the cases that it holds for counted. */
export function formatSkipped(
  { skipped }: Pick<Results, 'skipped'>,
  titles: ReadonlyMap<string, string>,
): string {
  const groups = new Map<string, string[]>()
  for (const { contender, kind, why, name, threads } of skipped) {
    const reason = kind === 'slow' ? 'too slow for the budget (--budget)' : why
    const key = `${titles.get(contender) ?? contender}: ${kind}, ${reason}`
    groups.set(key, [...(groups.get(key) ?? []), unitOf({ name, threads })])
  }
  const few = 2
  return [...groups]
    .map(([key, units]) => {
      const rest = units.length - few
      return `${key}\n    ${units.slice(0, few).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
    })
    .join('\n')
}
