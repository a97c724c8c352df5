import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{main,server,renderer,shared,tests,bench,scripts}/**/*.test.ts'],
    // Real processes and real databases wait for each other more than they compute: three files at a time keep two cores busy.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
