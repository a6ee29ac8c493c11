// Writes a Parquet or CSV file, on a thread of its own. DuckDB asks a function for rows, and waits for its result: it
// takes no rows later. So this thread waits until the main thread has sent them.
const { isMainThread, parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads')

/** The most rows of a data chunk. */
const CHUNK_ROWS = 2048
/** What a data chunk has at most, unless one row has more. */
const CHUNK_NUMBERS = 2 ** 20

async function main({ settings, sql, table, names, type, length, signal }) {
  const duckdb = require('@duckdb/node-api')
  const { DuckDBInstance, DuckDBTableFunction, DuckDBListValue } = duckdb
  const columnType = length === null ? duckdb[type] : duckdb.LIST(duckdb[type])
  const rowSize = length ?? names.length
  const chunkRows = Math.max(1, Math.min(CHUNK_ROWS, Math.floor(CHUNK_NUMBERS / rowSize)))
  let sent = 0
  const take = () => {
    for (;;) {
      const received = receiveMessageOnPort(parentPort)
      if (received !== undefined) return received.message
      Atomics.wait(signal, 0, sent)
      sent = Atomics.load(signal, 0)
    }
  }
  /** The rows that are being written, and how many of their numbers are. */
  let rows = new Float32Array(0)
  let done = 0
  let ended = false
  const nextRows = () => {
    if (ended) return 0
    while (done === rows.length) {
      if (rows.length > 0) parentPort.postMessage({ taken: true })
      const message = take()
      if (message.end) {
        ended = true
        return 0
      }
      if (message.abort) throw new Error('aborted')
      rows = message.rows
      done = 0
    }
    return Math.min(chunkRows, (rows.length - done) / rowSize)
  }
  const source = DuckDBTableFunction.create({
    name: table,
    bindFunction: (info) => {
      for (const name of names) info.addResultColumn(name, columnType)
    },
    initFunction: (info) => {
      info.setMaxThreads(1)
      info.setInitData({})
    },
    mainFunction: (_info, chunk) => {
      const count = nextRows()
      chunk.rowCount = count
      if (count === 0) return
      names.forEach((_, c) => {
        const vector = chunk.getColumnVector(c)
        for (let i = 0, at = done + c; i < count; i++, at += rowSize)
          vector.setItem(i, length === null ? rows[at] : new DuckDBListValue(rows.subarray(at, at + length)))
        vector.flush()
      })
      done += count * rowSize
    },
  })
  const instance = await DuckDBInstance.create(':memory:', settings)
  const connection = await instance.connect()
  try {
    connection.registerTableFunction(source)
    await connection.run(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

if (!isMainThread && parentPort !== null && workerData?.thread === __filename) {
  main(workerData)
    .then(() => parentPort.postMessage({ written: true }))
    .catch(({ message }) => parentPort.postMessage({ error: message }))
    .finally(() => parentPort.close())
}

module.exports = { THREAD: __filename }
