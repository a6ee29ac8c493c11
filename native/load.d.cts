/** Loads the addon; where that fails, says why. */
export function load(): { addon: object | null; errors: string[] }
