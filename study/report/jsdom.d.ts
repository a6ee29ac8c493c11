/** The little of jsdom that the report uses; @types/jsdom would bring the browser's globals to every file. */
declare module 'jsdom' {
  export class JSDOM {
    constructor(html: string)
    readonly window: { readonly document: unknown }
  }
}
