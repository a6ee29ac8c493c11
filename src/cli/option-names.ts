/** What errors call the options of functions, and the options of the command line. */
const OPTIONS: readonly (readonly [of: RegExp, here: string])[] = [
  [/anew, with restart/g, 'anew, with --restart'],
  [/as by shard: \{ index: (\d+), count: (\d+) \}/g, 'as by --shard $1/$2'],
  [
    /as in \{ index: 0, count: 4 \}, or null for the whole job/g,
    "as in --shard 0/4, or the whole job with '--shard all'",
  ],
  [/set nonFinite: 'missing'/g, 'give --non-finite missing'],
  [/name one, with the option tensor/g, 'name one, with --tensor'],
  [/(?<=the option )(preset|axis|tensor|columns|dtype|format|norm|groups|eps|inverse)(?= was)/g, '--$1'],
  [/(?<=the option )inputFormat(?= was)/g, '--input-format'],
  [/(?<=the option )nonFinite(?= was)/g, '--non-finite'],
  [/or null for one feature/g, 'or none for one feature'],
  [/name the format/g, 'name the format, with --input-format'],
  [/leave out (columns|tensor)/g, 'leave out --$1'],
  [/try groups: (\d+)/g, 'try --groups $1'],
  [/pass what toBytes\(\) returned, whole/g, 'give what fit wrote; a trained layer is given by --layer'],
  [
    /pass the value, read back by JSON.parse\(\)/g,
    'give what fit wrote; a trained layer is given by --layer',
  ],
  [/set axis to their dimension/g, 'give their dimension, with --axis'],
  [/; give groups/g, '; give it, with --groups'],
  [/give axis/g, 'give --axis'],
  [/leave out axis/g, 'leave out --axis'],
  [/give the prefix of the layer/g, 'give its prefix, with --prefix'],
  [/pass \{ prefix: ('[^']*') \}/g, 'give --prefix $1'],
]

/** The message of a function's error, with the options of the command line. What stands before the first colon, a path, stays. */
export function forCommandLine(message: string): string {
  const begin = message.indexOf(': ')
  const said = OPTIONS.reduce((text, [of, here]) => text.replace(of, here), message.slice(begin))
  return message.slice(0, begin) + said
}
