// The API reference: pages of markdown from the docstrings of the package's entry points.
const ENTRIES = ['index', 'data/index', 'files/index', 'jobs/index', 'tfjs/index', 'selftest/index']

export default {
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  tsconfig: '../../tsconfig.json',
  entryPoints: ENTRIES.map((entry) => `../../src/${entry}.ts`),
  out: '../reference',
  docsRoot: '..',
  readme: 'none',
  name: 'API reference',
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  treatWarningsAsErrors: true,
  // Types that no entry point exports stay names without a page: they are computed from a layer's options.
  validation: { notExported: false, invalidLink: true },
}
