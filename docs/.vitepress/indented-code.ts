import type { MarkdownRenderer } from 'vitepress'

/** Indented code becomes a fenced block of text, because VitePress lets only those scroll. A wide one widens the page. */
export function indentedCode(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('indented-code', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type !== 'code_block') continue
      token.type = 'fence'
      token.tag = 'code'
      token.info = 'text'
    }
  })
}
