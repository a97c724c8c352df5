import { createRequire } from 'node:module'
import type { Context } from '../context.ts'
import { examineBackups } from '../examine-backups.ts'
import { examineData } from '../examine-data.ts'
import { examineEdge } from '../examine-edge.ts'
import { examineMail } from '../examine-mail.ts'
import { examineModels } from '../examine-models.ts'
import { examineParsers } from '../examine-parsers.ts'
import { ignoredSettings } from './tell-settings.ts'

/** One line of the examination. `bad` makes the command fail; each text says what to do. */
export interface Finding {
  name: string
  state: 'ok' | 'warn' | 'bad'
  text: string
}

const marks = { ok: ['green', '✓'], warn: ['yellow', '!'], bad: ['red', '✗'] } as const

/** What is installed, what is wrong. Changes nothing: it creates no data directory and starts no background work. */
export async function doctor(context: Context): Promise<void> {
  const { terminal, translate } = context
  const findings: Finding[] = []
  const tell = (finding: Finding) => {
    findings.push(finding)
    const [colour, mark] = marks[finding.state]
    const label = finding.state === 'ok' ? '' : ` ${terminal.paint(colour, translate(`cli.doctor.${finding.state}`))}:`
    if (!context.json) terminal.out(`${terminal.paint(colour, mark)}${label} ${finding.text}`)
  }
  tell(examineNode(context))
  for (const finding of examineSettings(context)) tell(finding)
  for await (const finding of examineData(context)) tell(finding)
  const { database } = context.config()
  if (database) {
    const { examinePostgres } = await import('../examine-postgres.ts')
    for await (const finding of examinePostgres(context, database)) tell(finding)
  }
  for await (const finding of examineBackups(context)) tell(finding)
  for (const finding of examineEdge(context)) tell(finding)
  for await (const finding of examineMail(context)) tell(finding)
  for await (const finding of examineParsers(context)) tell(finding)
  for await (const finding of examineModels(context)) tell(finding)
  const healthy = findings.every(finding => finding.state !== 'bad')
  if (context.json) terminal.json({ healthy, findings })
  else if (findings.every(finding => finding.state === 'ok')) terminal.out(translate('cli.doctor.healthy'))
  if (!healthy) context.exitCode = 1
}

/** Of settings only what is wrong with them. */
function examineSettings(context: Context): Finding[] {
  return ignoredSettings(context).map(text => ({ name: 'setting', state: 'warn', text }))
}

function examineNode({ translate }: Context): Finding {
  const { engines } = createRequire(import.meta.url)('../../package.json') as { engines: { node: string } }
  const needed = engines.node.replace('>=', '')
  const version = process.versions.node
  const old = version.localeCompare(needed, 'en', { numeric: true }) < 0
  return {
    name: 'node',
    state: old ? 'bad' : 'ok',
    text: translate(old ? 'cli.doctor.nodeOld' : 'cli.doctor.node', { version, needed }),
  }
}
