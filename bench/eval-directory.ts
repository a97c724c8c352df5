import { existsSync } from 'node:fs'
import path from 'node:path'

/**
 * Where question sets and real manuals lie: `EVAL_DIR`, else beside the repository. Undefined when there are none; tests
 * and benches then say that they skip, or make do with what they write themselves.
 */
export function evalDirectory(): string | undefined {
  const folder = process.env.EVAL_DIR || path.resolve(import.meta.dirname, '../../shared/eval')
  return existsSync(folder) ? folder : undefined
}
