import { must } from '../processes.mjs'

/** The functions of Node-API that pass an addon's own memory to JavaScript. In Electron they fail. */
const EXTERNAL = [
  'napi_create_external_arraybuffer',
  'napi_create_external_buffer',
  'node_api_create_external_buffer',
]

export const ELECTRON = {
  id: 'electron',
  title: 'Electron',
  what: 'not run: its package downloads the program as it installs. Seen in every addon of the tarball:',
  check({ tarball }) {
    const listed = must(['tar', 'tzf', tarball]).split('\n')
    const addons = listed.filter((name) => name.endsWith('.node'))
    if (addons.length === 0) throw new Error('the tarball has no addon')
    for (const addon of addons) {
      const used = must(['sh', '-c', 'tar xzOf "$1" "$2" | strings', 'sh', tarball, addon]).split('\n')
      const found = EXTERNAL.filter((name) => used.includes(name))
      if (found.length > 0) throw new Error(`${addon} uses ${found.join(', ')}`)
    }
    return `none of ${addons.length} asks Node-API for external buffers`
  },
}
