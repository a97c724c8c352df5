/**
 * Faults on purpose: the n-th call of a port, and as many after it as the fault is long, fails with the error of a machine
 * in trouble, either before it took effect or after.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export const faultKinds = ['full', 'input-output', 'busy', 'permission', 'memory'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  /** From 1: the first call that fails. */
  call: number
  /** How many calls in a row fail. */
  length: number
  kind: FaultKind
  /** `after`: the call does what it is asked for, and its answer is lost. */
  effect: 'before' | 'after'
}

export interface Faults {
  /** Counts from 1 again; without a fault nothing fails. */
  arm(fault?: Fault): void
  readonly count: number
  /** What failed, in order. */
  readonly failed: readonly string[]
  /** Runs the call of a port, or fails it. `undo` is what the engine itself does with the transaction around it. */
  call<T>(port: 'blobs' | 'database', label: string, run: () => Promise<T>, undo?: () => Promise<void>): Promise<T>
  /** What runs in here is neither counted nor failed: whoever watches. */
  spare<T>(run: () => Promise<T>): Promise<T>
}

/** As Node and better-sqlite3 name them. */
const codes: Record<FaultKind, { blobs: string; database: string }> = {
  full: { blobs: 'ENOSPC', database: 'SQLITE_FULL' },
  'input-output': { blobs: 'EIO', database: 'SQLITE_IOERR_WRITE' },
  busy: { blobs: 'EMFILE', database: 'SQLITE_BUSY' },
  permission: { blobs: 'EACCES', database: 'SQLITE_READONLY' },
  memory: { blobs: 'ENOMEM', database: 'SQLITE_NOMEM' },
}
/** After these SQLite may have rolled the transaction back by itself (https://www.sqlite.org/lang_transaction.html). */
const rollsBack: readonly FaultKind[] = ['full', 'input-output', 'memory']

export function createFaults(): Faults {
  const spared = new AsyncLocalStorage<boolean>()
  let fault: Fault | undefined
  let count = 0
  let failed: string[] = []
  return {
    arm(next) {
      fault = next
      count = 0
      failed = []
    },
    get count() {
      return count
    },
    get failed() {
      return failed
    },
    async call(port, label, run, undo) {
      if (spared.getStore()) return run()
      count += 1
      if (!fault || count < fault.call || count >= fault.call + fault.length) return run()
      const { kind, effect } = fault
      const code = codes[kind][port]
      failed.push(`${port} ${count} ${label}`)
      if (effect === 'after') await run()
      else if (rollsBack.includes(kind)) await undo?.()
      throw Object.assign(new Error(`${code}, on purpose`), { code })
    },
    spare: run => spared.run(true, run),
  }
}
