import { fail } from '../errors.js'

/** What the codes of the system's errors mean, and what to do. */
const REMEDIES: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such file or folder', 'correct the path'],
  EACCES: ['it may not be opened', 'correct its permissions'],
  EPERM: ['it may not be changed', 'correct its permissions'],
  EISDIR: ['it is a folder', 'give a file'],
  ENOTDIR: ['a part of the path is no folder', 'correct the path'],
  EEXIST: ['it exists already', 'give another path'],
  ENOSPC: ['the disk is full', 'free some space, and run it again'],
  EDQUOT: ['the quota of the disk is used up', 'free some space, and run it again'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n)'],
  EPIPE: ['who reads it has ended', 'let it read to the end'],
  EBADF: ['it was closed', 'open it again'],
  EROFS: ['the disk is read-only', 'give another path'],
}

/** Runs an action on a file. An error of the system becomes an EvenkeelError that names the file. */
export async function naming<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    const { code, message, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    const [problem, remedy] = REMEDIES[code] ?? [message, 'see the message of the system']
    return fail('EVENKEEL_FILE', path, problem, remedy)
  }
}
