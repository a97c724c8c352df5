/** Vitest reporter: tells the process that started this run which tests failed. `scripts/test.ts` decides what comes of it. */
import type { Reporter, TestModule } from 'vitest/node'

export interface FailedTest {
  /** With what it stands in; none where the file itself failed. */
  name: string
  message: string
}

export interface FailedFile {
  path: string
  tests: FailedTest[]
}

export interface Report {
  interrupted: boolean
  files: FailedFile[]
  /** What went wrong beside all tests, and belongs to no file. */
  others: string[]
}

/** What of a serialized error is read here. */
interface Thrown {
  message: string
  name?: string
  VITEST_TEST_PATH?: unknown
  VITEST_TEST_NAME?: unknown
}

type Module = Pick<TestModule, 'moduleId' | 'state' | 'errors' | 'children'>

export function reportOf(modules: readonly Module[], unhandled: readonly Thrown[], interrupted: boolean): Report {
  const files = new Map<string, FailedTest[]>()
  const note = (file: string, name: string, errors: readonly Thrown[]) => {
    const tests = files.get(file) ?? []
    files.set(file, tests)
    for (const error of errors) tests.push({ name, message: told(error) })
  }
  for (const module of modules) {
    if (module.state() === 'passed' || module.state() === 'skipped') continue
    note(module.moduleId, '', module.errors())
    for (const suite of module.children.allSuites()) note(module.moduleId, suite.fullName, suite.errors())
    for (const test of module.children.allTests('failed'))
      note(module.moduleId, test.fullName, test.result().errors ?? [])
  }
  const others: string[] = []
  for (const error of unhandled) {
    const { VITEST_TEST_PATH: file, VITEST_TEST_NAME: name } = error
    if (typeof file === 'string') note(file, typeof name === 'string' ? name : '', [error])
    else others.push(told(error))
  }
  return { interrupted, files: [...files].map(([path, tests]) => ({ path, tests })), others }
}

const told = ({ name, message }: Thrown) => (name === undefined ? message : `${name}: ${message}`)

export default class FailedTestsReporter implements Reporter {
  async onTestRunEnd(
    ...[modules, unhandled, reason]: Parameters<NonNullable<Reporter['onTestRunEnd']>>
  ): Promise<void> {
    // Vitest ends its process when it is done: what has not gone out by then never does.
    await new Promise(resolve => {
      if (process.send) process.send(reportOf(modules, unhandled, reason === 'interrupted'), resolve)
      else resolve(undefined)
    })
  }
}
