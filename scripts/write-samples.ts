/** Writes the samples that have pages: `node scripts/write-samples.ts`. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { hygienePlan } from './samples/hygieneplan.ts'
import { clubManual } from './samples/vereinshandbuch.ts'

const folder = path.join(import.meta.dirname, '../samples')
await writeFile(path.join(folder, 'hygieneplan.pdf'), hygienePlan())
await writeFile(path.join(folder, 'vereinshandbuch.pdf'), clubManual())
