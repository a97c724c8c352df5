import vm from 'node:vm'

/**
 * Runs something that does not wait (a loop in a stranger's template) for so many milliseconds, then throws. V8 ends it from outside,
 * wherever it is; nothing in it can catch that. What it allocates meanwhile is bounded by the process's heap alone.
 */
export function withTimeLimit<T>(milliseconds: number, run: () => T): T {
  let result: T | undefined
  const context = vm.createContext({
    run: () => {
      result = run()
    },
  })
  vm.runInContext('run()', context, { timeout: milliseconds })
  return result as T
}
