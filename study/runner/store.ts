import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../../src/errors.js'
import type { Dataset } from '../data/dataset.js'
import { allCells, type Cell, type CellResult, type Finished } from '../experiments/cells.js'
import type { Settings } from '../settings.js'

/** All that a study's results follow from. */
export interface StudyOptions {
  readonly seed: number
  readonly scale: 'quick' | 'full'
  /** How many cells the study has in all; its file holds fewer while it runs. */
  readonly planned: number
  readonly data: {
    readonly name: string
    readonly fingerprint: string
    readonly train: number
    readonly test: number
    readonly classes: number
  }
  readonly settings: Settings
}

export function studyOptions(data: Dataset, rest: Omit<StudyOptions, 'data' | 'planned'>): StudyOptions {
  const { name, fingerprint, classes, train, test } = data
  const counts = { train: train.labels.length, test: test.labels.length }
  const planned = allCells(rest.settings, counts.train).length
  return { ...rest, planned, data: { name, fingerprint, ...counts, classes } }
}

/** results.json. It holds no times and no dates: the same options give the same bytes. */
export interface StudyFile {
  readonly format: typeof FORMAT
  readonly options: StudyOptions
  readonly cells: readonly Finished[]
}

/** The number grows with each change after which an older run cannot be gone on with. */
const FORMAT = 'evenkeel-study/2'

/** The finished cells of one study, kept in a file that is whole at any time. */
export class ResultStore {
  readonly path: string
  private readonly results = new Map<string, CellResult>()

  /** @param cells the whole study's, in the order in which the file lists them */
  constructor(
    private readonly directory: string,
    readonly options: StudyOptions,
    readonly cells: readonly Cell[],
  ) {
    this.path = join(directory, 'results.json')
  }

  /**
   * Takes over the cells that an earlier run has finished.
   * @throws EvenkeelError where there is no such run, or it had other options; the message names them.
   */
  resume(): void {
    if (!existsSync(this.path)) {
      fail(
        'EVENKEEL_STATE',
        '--resume',
        `there is no ${this.path}`,
        'start without --resume, or give its --out',
      )
    }
    const file = parse(this.path)
    const differing = differences(file.options, this.options)
    if (differing.length > 0) {
      fail(
        'EVENKEEL_STATE',
        '--resume',
        `${this.path} was begun with other options: ${differing.join('; ')}`,
        'give the same options, or another --out, or start without --resume',
      )
    }
    for (const { cell, result } of file.cells) this.results.set(cell.id, result)
  }

  private has(cell: Cell): boolean {
    return this.results.has(cell.id)
  }

  add(cell: Cell, result: CellResult): void {
    this.results.set(cell.id, result)
    this.save()
  }

  /** The cells that are not finished. */
  get waiting(): Cell[] {
    return this.cells.filter((cell) => !this.has(cell))
  }

  /** Finished cells in the study's order, whatever order they finished in. */
  get finished(): Finished[] {
    return this.cells
      .filter((cell) => this.has(cell))
      .map((cell) => ({ cell, result: this.results.get(cell.id) }) as Finished)
  }

  /** What the file at `path` holds, for someone who wonders what an end now would leave behind. */
  get held(): string {
    if (this.results.size > 0)
      return `${this.path} holds ${this.results.size} of ${this.cells.length} networks`
    return existsSync(this.path)
      ? `no network was finished, and ${this.path} is still that of an earlier run`
      : 'no network was finished, and nothing was written'
  }

  /** Writes a new file beside the old one and puts it in its place in one step. */
  save(): void {
    const file: StudyFile = {
      format: FORMAT,
      options: this.options,
      cells: this.finished,
    }
    mkdirSync(this.directory, { recursive: true })
    const temporary = `${this.path}.part`
    writeFileSync(temporary, serialize(file))
    renameSync(temporary, this.path)
  }
}

/** JSON with a line per cell. */
function serialize({ cells, ...head }: StudyFile): string {
  const start = JSON.stringify(head, null, 2).slice(0, -2)
  const lines = cells.map((cell) => `    ${JSON.stringify(cell)}`)
  return `${start},\n  "cells": [\n${lines.join(',\n')}\n  ]\n}\n`
}

function parse(path: string): StudyFile {
  let file: Partial<StudyFile>
  try {
    file = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    fail(
      'EVENKEEL_STATE',
      '--resume',
      `${path} is not JSON (${(error as Error).message})`,
      'start without --resume',
    )
  }
  if (file.format !== FORMAT) {
    fail(
      'EVENKEEL_STATE',
      '--resume',
      `${path} must be of the format ${FORMAT}, got ${file.format ?? 'another file'}`,
      'start without --resume',
    )
  }
  return file as StudyFile
}

/** 'seed: 1, now 2' for each option that differs, however deep it lies. */
function differences(before: unknown, now: unknown, name = ''): string[] {
  if (isRecord(before) && isRecord(now)) {
    const names = new Set([...Object.keys(before), ...Object.keys(now)])
    return [...names].flatMap((key) => differences(before[key], now[key], name ? `${name}.${key}` : key))
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(now)]
  return was === is ? [] : [`${name} was ${was}, now ${is}`]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
