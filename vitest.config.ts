import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 300_000,
    // OpenMP's threads sleep between regions: beside other test files, spinning ones take the cores from each other.
    env: { OMP_WAIT_POLICY: 'passive' },
  },
})
