/** The file of the thread. */
export declare const THREAD: string
