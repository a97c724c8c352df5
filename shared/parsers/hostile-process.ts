/** A parser process with a reader that misbehaves: for tests. */
import { guardReader } from './guard.ts'

guardReader(new URL('./hostile-reader.ts', import.meta.url))
