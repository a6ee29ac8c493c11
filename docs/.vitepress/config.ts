import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { indentedCode } from './indented-code'
import { outerLinks } from './outer-links'

const DOCS = fileURLToPath(new URL('..', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** The order in which the pages of a folder are read. Others follow by name. */
const ORDER = [
  'why-norms',
  'batch-norm',
  'small-batches',
  'running-averages',
  'layer-norm',
  'group-norm',
  'bias-before-a-norm',
  'which-norm',
  'layers',
  'from-tfjs',
  'from-pytorch',
  'from-keras',
  'saving-and-loading',
  'moments',
  'performance',
  'deployment',
  'backends',
]

/** A page of a sidebar. The title is that of the page. */
function item(file: string): DefaultTheme.SidebarItem {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(DOCS, file), 'utf8')) ?? []
  if (title === undefined) throw new Error(`docs/${file} has no title: begin it with "# Title"`)
  return { text: title.replaceAll('`', ''), link: `/${file.replace(/\.md$/, '')}` }
}

/** The pages of a folder. */
function items(folder: string): DefaultTheme.SidebarItem[] {
  if (!existsSync(join(DOCS, folder))) return []
  const place = (file: string) => [...ORDER, basename(file, '.md')].indexOf(basename(file, '.md'))
  const files = readdirSync(join(DOCS, folder)).filter((file) => file.endsWith('.md') && file !== 'README.md')
  return files
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
    .map((file) => item(`${folder}/${file}`))
}

/** Headings without a page stay open: VitePress would nest the button that opens them in another button. */
const opened = ({ collapsed, ...rest }: DefaultTheme.SidebarItem): DefaultTheme.SidebarItem => ({
  ...rest,
  ...(rest.link === undefined ? {} : { collapsed }),
  ...(rest.items === undefined ? {} : { items: rest.items.map(opened) }),
})

/** TypeDoc writes this list beside its pages. */
function reference(): DefaultTheme.SidebarItem[] {
  return JSON.parse(readFileSync(join(DOCS, 'reference', 'typedoc-sidebar.json'), 'utf8')).map(opened)
}

const GUIDE: DefaultTheme.SidebarItem[] = [
  { text: 'Start', items: [item('start.md'), item('live.md')] },
  { text: 'Concepts', items: items('concepts') },
  { text: 'Guides', items: [...items('guides'), item('batch-jobs.md')] },
  {
    text: 'Measured',
    items: [
      item('benchmarks.md'),
      item('study.md'),
      item('accuracy.md'),
      item('numerics.md'),
      item('runtimes.md'),
    ],
  },
]

const PROJECT: DefaultTheme.SidebarItem[] = [
  { text: 'Work on it', items: ['adding-a-layer.md', 'adding-an-isa.md', 'releasing.md'].map(item) },
  { text: 'Decisions', items: [{ text: 'About them', link: '/decisions/' }, ...items('decisions')] },
]

/** A level keel between two waves. It lies in the page, so that it is right under every base. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#3451b2"/>' +
  '<path d="M2 5q3-4 6 0t6 0M2 8h12M2 11q3 4 6 0t6 0" fill="none" stroke="#fff" stroke-width="1.5"/></svg>'

export default defineConfig({
  title: manifest.name,
  description: manifest.description,
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  base: process.env.DOCS_BASE ?? '/',
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  markdown: {
    config(markdown) {
      outerLinks(manifest.repository?.url)(markdown)
      indentedCode(markdown)
    },
    // The contrast of the default light theme is too low for small text.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' },
  },
  vite: {
    resolve: { alias: { '#addon': join(ROOT, 'native', 'browser.js') } },
    // The reference is one chunk a page: the warning counts them all.
    build: { chunkSizeWarningLimit: 2000 },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Concepts', link: '/concepts/why-norms', activeMatch: '/concepts/' },
      { text: 'Live', link: '/live' },
      { text: 'Reference', link: '/reference/', activeMatch: '/reference/' },
      { text: 'Decisions', link: '/decisions/', activeMatch: '/decisions/' },
    ],
    sidebar: {
      '/': GUIDE,
      '/reference/': [{ text: 'API reference', link: '/reference/', items: reference() }],
      '/decisions/': PROJECT,
      '/adding-': PROJECT,
      '/releasing': PROJECT,
    },
  },
})
