import path from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './tests/longest-first.ts'

// For the threads that tests start, and for what their processes start: without it each strips and compiles our sources anew (39 tests
// of SQLite, which start 120 threads: 25 s of the processor without it, 15 s with it).
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, 'node_modules/.cache/cloister')

// What this run keeps for all of its files goes by this name (`tests/postgres.ts`).
process.env.CLOISTER_TEST_RUN = `${Date.now()}_${process.pid}`

const withProgram = ['tests/build-program.ts', 'tests/drop-databases.ts']

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        // One process for one file after the other: what most of them import is there already. None of them leaves anything behind that another one meets.
        test: {
          name: 'parts',
          include: ['{main,server,renderer,shared,scripts}/**/*.test.ts'],
          isolate: false,
          globalSetup: 'tests/drop-databases.ts',
        },
      },
      {
        extends: true,
        // Likewise: what a server is made of takes 1.4 s of the processor to import, which its tests otherwise did once a file.
        test: { name: 'http', include: ['tests/http/**/*.test.ts'], isolate: false, globalSetup: withProgram },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['{tests,bench}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'tests/http/**'],
          globalSetup: withProgram,
        },
      },
    ],
    // Real processes and real databases wait for each other more than they compute: with three files at a time a quarter of two cores was idle.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // Vitest's own second is over on a busy machine before a model has said its first word.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
