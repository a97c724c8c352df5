import type { Context } from '../context.ts'
import { safe } from '../text.ts'

/** What of the settings is not in force as it was set, a line each. */
export function ignoredSettings({ config, translate }: Context): string[] {
  return config().ignored.map(({ variable, given, inForce }) =>
    translate('cli.doctor.ignored', { variable, given: safe(given), inForce }),
  )
}

/** For what goes on running: nobody would look for the reason otherwise. `backups`: whether this process makes them. */
export function tellSettings(context: Context, { backups }: { backups: boolean }): void {
  const { config, terminal, translate } = context
  const lines = ignoredSettings(context)
  if (!backups && config().backup) lines.push(translate('cli.serve.noBackups'))
  const { auth, mail } = config()
  if (auth.mode === 'server' && !mail.server) lines.push(translate('cli.doctor.mailOff'))
  else if (auth.mode === 'server' && !mail.from) lines.push(translate('cli.doctor.mailFrom'))
  for (const line of lines) terminal.note(line)
  for (const { variable, inForce } of config().ignored)
    context.log().warn('a setting is not in force', { variable, inForce })
}
