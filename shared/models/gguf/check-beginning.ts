import { AppError } from '../../errors.ts'
import { checkHeader } from './check-header.ts'
import { readHeader } from './read-header.ts'

/**
 * Whether the beginning of a file that is still coming is that of a model: true when its whole header is there and sound,
 * false when more must come first. `size`: bytes of the whole file, infinite where nobody knows. Throws `model-invalid` and
 * `model-unsupported` for what no further byte can mend.
 */
export async function checkBeginning(file: string, name: string, size: number): Promise<boolean> {
  try {
    await checkHeader(await readHeader(file, name), size)
    return true
  } catch (error) {
    // Said of the header when it goes on behind what is there, and of tensors when they do so behind the whole file.
    const more = error instanceof AppError && error.values.detail === 'truncated' && error.values.about === undefined
    if (more) return false
    throw error
  }
}
