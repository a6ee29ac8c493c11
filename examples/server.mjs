// A server that stays responsive while it normalizes: forwardAsync runs on another thread.
// curl -d '[[1, 2, 3, 4], [0, 0, 0, 8]]' http://127.0.0.1:8080
import { createServer } from 'node:http'
import { EvenkeelError, LayerNorm, tensor } from 'evenkeel'

const LENGTH = 4
const MOST_BYTES = 1e6
const norm = new LayerNorm(LENGTH) // of a trained model: .loadStateDict(...)

async function bodyOf(request) {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > MOST_BYTES) throw new SyntaxError(`send at most ${MOST_BYTES} bytes`)
  }
  return JSON.parse(text)
}

async function answer(request) {
  const rows = await bodyOf(request)
  if (!Array.isArray(rows)) throw new SyntaxError('send rows of numbers')
  const data = Float32Array.from(rows.flat())
  // The calls of one layer run one after another. The shape is checked, so that a wrong request rejects.
  const y = await norm.forwardAsync(tensor(data, [rows.length, LENGTH]))
  return rows.map((_, i) => Array.from(y.data.subarray(i * LENGTH, (i + 1) * LENGTH)))
}

const server = createServer((request, response) => {
  const send = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
  answer(request).then(
    (rows) => send(200, rows),
    (error) => {
      const isOfRequest = error instanceof SyntaxError || error instanceof EvenkeelError
      send(isOfRequest ? 400 : 500, { error: error.message })
    },
  )
})
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
