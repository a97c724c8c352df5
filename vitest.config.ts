import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{main,server,renderer,shared,tests,bench,scripts}/**/*.test.ts'],
    // Real processes and real databases: two cores are busy with two files at a time.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
