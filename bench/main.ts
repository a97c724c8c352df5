/** `npm run bench -- NAME [--json]`: each figure with its target; exit 1 when one does not hold. */
import { type Bench, type Figure, Missing } from './figure.ts'

const benches: Record<string, () => Promise<{ bench: Bench }>> = {
  backup: () => import('./backup.ts'),
  corpus: () => import('./corpus.ts'),
  desktop: () => import('./desktop.ts'),
  download: () => import('./download.ts'),
  engines: () => import('./engines.ts'),
  eval: () => import('./eval.ts'),
  'project-index': () => import('./project-index.ts'),
  faults: () => import('./faults.ts'),
  folders: () => import('./folders.ts'),
  fuzz: () => import('./fuzz.ts'),
  gateway: () => import('./gateway.ts'),
  ingest: () => import('./ingest.ts'),
  jobs: () => import('./jobs.ts'),
  kill: () => import('./kill.ts'),
  load: () => import('./load.ts'),
  models: () => import('./models.ts'),
  ocr: () => import('./ocr.ts'),
  search: () => import('./search.ts'),
  server: () => import('./server.ts'),
  start: () => import('./start.ts'),
  users: () => import('./users.ts'),
}

const words = process.argv.slice(2)
const json = words.includes('--json')
const [name = '', ...args] = words.filter(word => word !== '--json')
// What was started ends with us.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
const load = Object.hasOwn(benches, name) ? benches[name] : undefined
if (load) await main(load)
else {
  process.stderr.write(`npm run bench -- NAME [--json]\nNAME: ${Object.keys(benches).join(', ')}\n`)
  process.exitCode = 2
}

async function main(load: () => Promise<{ bench: Bench }>): Promise<void> {
  const { bench } = await load()
  const note = (line: string) => void process.stderr.write(`${line}\n`)
  const figures = await bench({ note, args }).catch(error => {
    if (!(error instanceof Missing)) throw error
    note(error.message)
  })
  if (!figures) {
    process.exitCode = 2
    return
  }
  process.stdout.write(json ? `${JSON.stringify({ figures })}\n` : figures.map(line).join(''))
  process.exitCode = figures.every(figure => figure.holds) ? 0 : 1
}

function line({ name, value, unit, target, holds }: Figure): string {
  const verdict = target === null ? '' : `  ${target} ${holds ? 'holds' : 'DOES NOT HOLD'}`
  return `${name.padEnd(58)} ${String(value ?? '–').padStart(10)} ${unit.padEnd(10)}${verdict}\n`
}
