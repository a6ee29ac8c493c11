// Stands in for the study's worker: answers each cell with its id; cells named 'fail' throw, 'hang' never end.
import { parentPort, threadId } from 'node:worker_threads'

parentPort.on('message', (cell) => {
  if (cell.id === 'hang') return
  if (cell.id === 'fail') throw new Error('as asked')
  parentPort.postMessage({ progress: 0.5 })
  parentPort.postMessage({ result: { id: cell.id, threadId } })
})
