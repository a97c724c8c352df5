/** Entry of a parser process. */
import { guardReader } from './guard.ts'

guardReader(new URL('./reader.ts', import.meta.url))
