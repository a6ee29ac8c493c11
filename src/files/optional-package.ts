import { fail } from '../errors.js'

const NOT_FOUND: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']

/**
 * Loads a package that users install only if they need it.
 * @param path the file that needs it, for the message
 * @param version the one to install. DuckDB's versions all look like previews, which no range of versions takes in.
 * @param load imports the package
 * @throws EvenkeelError (EVENKEEL_BACKEND) with the command that installs it, if it cannot be loaded.
 */
export async function loadPackage<Module>(
  path: string,
  name: string,
  version: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = NOT_FOUND.includes(code) ? 'it is not installed' : message.split('\n', 1)[0]
    return fail(
      'EVENKEEL_BACKEND',
      path,
      `the format needs the package ${name}, which cannot be loaded (${why})`,
      `run npm install ${name}@${version}`,
    )
  }
}
