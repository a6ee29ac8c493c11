/** Loads the addon, and the one that keeps memory for its asynchronous calls; where one fails, says why. */
export function load(): { addon: object | null; memory: object | null; errors: string[] }
