import { naming } from './file-error.js'

/** For messages. */
export const OUTPUT_NAME = 'standard output'

let problem: Error | undefined
let listening = false

/**
 * Writes to standard output, and waits until it has been taken.
 * @throws EvenkeelError (EVENKEEL_FILE) if it is closed: who reads it has ended, or the disk is full.
 */
export async function writeOut(content: string | Uint8Array): Promise<void> {
  const { stdout } = process
  if (!listening) {
    // Without a listener, the process would end with a stack.
    stdout.on('error', (error) => {
      problem = error
    })
    listening = true
  }
  await naming(OUTPUT_NAME, async () => {
    if (problem !== undefined) throw problem
    await new Promise<void>((resolve, reject) => {
      stdout.write(content, (error) => (error ? reject(error) : resolve()))
    })
  })
}
