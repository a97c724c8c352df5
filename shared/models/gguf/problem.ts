import { AppError } from '../../errors.ts'

/** What can be wrong with a model file. The texts stand in `shared/messages` under `models.problem`. */
export const PROBLEMS = [
  'not-gguf',
  'version',
  'byte-order',
  'truncated',
  'too-large',
  'structure',
  'key-missing',
  'key-invalid',
  'tensor-missing',
  'tensor-unknown',
  'tensor-shape',
  'tensor-type',
  'tensor-position',
  'tokenizer',
  'tokens-duplicate',
  'token-invalid',
  // found when it was loaded
  'load',
] as const
export type GgufProblem = (typeof PROBLEMS)[number]

/** What is right with the file, and yet not for us, or not for this. */
export const UNSUPPORTED = [
  'architecture',
  'tokenizer-unknown',
  'experts',
  'split',
  'addition',
  'role',
  'no-vector',
  'dimensions',
] as const
export type GgufUnsupported = (typeof UNSUPPORTED)[number]

/** `about` is the key or tensor it is about, for the log. */
export function invalid(name: string, detail: GgufProblem, about = ''): AppError {
  return new AppError('model-invalid', about ? { name, detail, about } : { name, detail })
}

export function unsupported(name: string, detail: GgufUnsupported, about = ''): AppError {
  return new AppError('model-unsupported', about ? { name, detail, about } : { name, detail })
}
