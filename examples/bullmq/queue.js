export const QUEUE = 'evenkeel'

// BullMQ wants connections that wait for Redis without end: maxRetriesPerRequest null.
export const connection = {
  url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  maxRetriesPerRequest: null,
}
