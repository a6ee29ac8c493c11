import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/** 'git+https://host/owner/name.git' -> 'https://host/owner/name/blob/HEAD/'. */
function filesOf(repository: string): string {
  return `${repository.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/HEAD/`
}

/**
 * Pages link to files of the repository that are not pages: README, examples, benchmarks. On the site such a link leads
 * to the file in the repository. If package.json names no repository, its text stays, without a link.
 */
export function outerLinks(repository: string | undefined) {
  return (markdown: MarkdownRenderer) => {
    markdown.core.ruler.push('outer-links', ({ tokens, env }) => {
      for (const token of tokens.flatMap(({ children }) => children ?? [])) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href === null || /^(?:[a-z]+:|[/#])/.test(href)) continue
        const path = posix.join('docs', posix.dirname(env.relativePath), href)
        if (path.startsWith('docs/')) continue
        if (repository !== undefined) token.attrSet('href', filesOf(repository) + path)
        else token.attrs = (token.attrs ?? []).filter(([name]) => name !== 'href')
      }
    })
  }
}
