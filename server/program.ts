import { createRequire } from 'node:module'
import { Command, Option } from 'commander'
import type { MessageKey } from '../shared/messages/index.ts'
import type { DocumentVerb } from './commands/documents.ts'
import type { EvalOptions } from './commands/eval.ts'
import type { ModelOptions } from './commands/project-models.ts'
import type { ServeOptions } from './commands/serve.ts'
import type { Context } from './context.ts'
import { usageError } from './present.ts'

const mostPassages = 1000

/**
 * The command line. Every command loads its code when it runs, so that help costs nothing but itself; `--data`,
 * `--project` and `--json` may stand before or after the command.
 */
export function createProgram(context: Context): Command {
  const { translate } = context
  const words = (key: WordKey) => translate(`cli.help.${key}`)
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  const program = new Command('cloister')
  program
    .description(translate('cli.about'))
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: title => (titles[title] ? words(titles[title]) : title),
      optionDescription: ({ description, defaultValue }) =>
        typeof defaultValue === 'string'
          ? `${description} (${translate('cli.help.default', { value: defaultValue })})`
          : description,
      visibleGlobalOptions: command =>
        command === program ? [] : program.options.filter(option => !option.hidden && option.long !== '--version'),
    })
    .helpOption('-h, --help', words('help'))
    .helpCommand(`help [${translate('cli.name.command')}]`, words('command'))
    .version(version, '-V, --version', words('version'))
    .option('--data <dir>', words('data'))
    .option('--project <name>', words('project'))
    .addOption(new Option('--json').hideHelp())
    .hook('preAction', () => {
      context.options = program.opts<{ data?: string; project?: string }>()
      for (const name of ['data', 'project'] as const) {
        if (context.options[name]?.trim() === '') throw usageError(translate('cli.usage.value', { name: `--${name}` }))
      }
    })

  const addJson = (command: Command) => command.option('--json', words('json'))
  const describe = (parent: Command, name: string, key: CommandKey) =>
    parent.command(name).description(translate(`cli.command.${key}`))

  addJson(describe(program, 'ask', 'ask'))
    .argument('<words...>', translate('cli.command.askArguments'))
    .usage(`[options] ${translate('cli.name.path')}… "${translate('cli.name.question')}"`)
    .option('--model <model>', words('answeredBy'))
    .action(async (given: string[], options: { model?: string }) =>
      (await import('./commands/ask.ts')).ask(context, given, options),
    )

  addJson(describe(program, 'ingest', 'ingest'))
    .argument('<path...>', words('paths'))
    .option('--no-wait', words('wait'))
    .usage(`[options] ${translate('cli.name.path')}…`)
    .action(async (paths: string[], options: { wait: boolean }) =>
      (await import('./commands/ingest.ts')).ingest(context, paths, options),
    )

  addJson(describe(program, 'search', 'search'))
    .argument('<words...>', translate('cli.command.searchArguments'))
    .option('--limit <number>', words('limit'), '10')
    .usage(`[options] "${translate('cli.name.words')}"`)
    .action(async (given: string[], { limit }: { limit: string }) => {
      const options = { limit: wholeNumber(context, '--limit', limit) }
      await (await import('./commands/search.ts')).search(context, given, options)
    })

  describe(program, 'chat', 'chat')
    .option('--model <model>', words('answeredBy'))
    .action(async (options: { model?: string }) => {
      if (context.json) throw usageError(translate('cli.usage.json'))
      await (await import('./commands/chat.ts')).chat(context, options)
    })

  const documents = describe(program, 'documents', 'documents')
  for (const [name, which] of [
    ['list', 'live'],
    ['trash', 'trash'],
  ] as const) {
    addJson(describe(documents, name, `documents-${name}`)).action(async () =>
      (await import('./commands/documents.ts')).listDocuments(context, which),
    )
  }
  addJson(describe(documents, 'show', 'documents-show'))
    .argument('<document>', words('document'))
    .action(async (name: string) => (await import('./commands/documents.ts')).showDocument(context, name))
  for (const verb of verbs) {
    const all = verb === 'pause' || verb === 'resume'
    const command = addJson(describe(documents, verb, `documents-${verb}`))
    command.argument(all ? '[document...]' : '<document...>', words('document'))
    if (all) command.option('--all', words('all'))
    if (verb === 'retry' || verb === 'resume' || verb === 'undo') command.option('--no-wait', words('wait'))
    if (verb === 'purge') command.option('--yes', words('yes'))
    command.action(async (names: string[], options: { wait?: boolean; all?: boolean; yes?: boolean }) =>
      (await import('./commands/documents.ts')).changeDocuments(context, verb, names, options),
    )
  }

  addJson(describe(documents, 'unlock', 'documents-unlock'))
    .argument('<document>', words('document'))
    .option('--password-file <file>', words('passwordFile'))
    .option('--no-wait', words('wait'))
    .action(async (name: string, options: { passwordFile?: string; wait: boolean }) =>
      (await import('./commands/unlock.ts')).unlockDocument(context, name, options),
    )

  const jobs = describe(program, 'jobs', 'jobs')
  addJson(describe(jobs, 'list', 'jobs-list')).action(async () =>
    (await import('./commands/jobs.ts')).listJobs(context),
  )
  addJson(describe(jobs, 'retry', 'jobs-retry'))
    .argument('[id...]', words('job'))
    .option('--all', words('allJobs'))
    .action(async (ids: string[], options: { all?: boolean }) =>
      (await import('./commands/jobs.ts')).retryJobs(context, ids, options),
    )

  const projects = describe(program, 'projects', 'projects')
  addJson(describe(projects, 'list', 'projects-list')).action(async () =>
    (await import('./commands/projects.ts')).listProjects(context),
  )
  addJson(describe(projects, 'create', 'projects-create'))
    .argument('<name>', translate('cli.command.projectName'))
    .action(async (name: string) => (await import('./commands/projects.ts')).createProject(context, name))
  addJson(describe(projects, 'delete', 'projects-delete'))
    .argument('<name>', translate('cli.command.projectNameOrId'))
    .action(async (name: string) => (await import('./commands/projects.ts')).deleteProject(context, name))

  const folders = describe(program, 'folders', 'folders')
  addJson(describe(folders, 'list', 'folders-list')).action(async () =>
    (await import('./commands/folders.ts')).listFolders(context),
  )
  addJson(describe(folders, 'follow', 'folders-follow'))
    .argument('<dir>', translate('cli.command.folderPath'))
    .option('--ignore <line...>', words('ignore'))
    .option('--no-wait', words('wait'))
    .action(async (folder: string, options: { ignore?: string[]; wait: boolean }) =>
      (await import('./commands/folders.ts')).followFolder(context, folder, options),
    )
  addJson(describe(folders, 'missing', 'folders-missing'))
    .argument('<dir>', translate('cli.command.folderNamed'))
    .option('--keep-documents', words('awaitDocuments'))
    .option('--trash-documents', words('trashDocuments'))
    .action(async (folder: string, options: { keepDocuments?: boolean; trashDocuments?: boolean }) =>
      (await import('./commands/folders.ts')).decideOnMissing(context, folder, options),
    )
  addJson(describe(folders, 'unfollow', 'folders-unfollow'))
    .argument('<dir>', translate('cli.command.folderNamed'))
    .option('--keep-documents', words('keepDocuments'))
    .option('--trash-documents', words('trashDocuments'))
    .action(async (folder: string, options: { keepDocuments?: boolean; trashDocuments?: boolean }) =>
      (await import('./commands/folders.ts')).unfollowFolder(context, folder, options),
    )

  const models = describe(program, 'models', 'models')
  addJson(describe(models, 'list', 'models-list'))
    .option('--all', words('modelsAll'))
    .action(async ({ all }: { all?: boolean }) =>
      all
        ? (await import('./commands/model-offers.ts')).listOffers(context)
        : (await import('./commands/models.ts')).listAllModels(context),
    )
  addJson(describe(models, 'add', 'models-add'))
    .argument('<file...>', translate('cli.command.modelFile'))
    .action(async (files: string[]) => (await import('./commands/models.ts')).addModels(context, files))
  addJson(describe(models, 'download', 'models-download'))
    .argument('<source>', translate('cli.command.modelSource'))
    .option('--sha256 <sum>', words('sha256'))
    .option('--name <file>', words('modelName'))
    .action(async (source: string, options: { sha256?: string; name?: string }) =>
      (await import('./commands/model-download.ts')).downloadModel(context, source, options),
    )
  addJson(describe(models, 'pack', 'models-pack'))
    .argument('<dir>', translate('cli.command.packFolder'))
    .argument('[name...]', translate('cli.command.modelNames'))
    .action(async (folder: string, names: string[]) =>
      (await import('./commands/model-pack.ts')).packModels(context, folder, names),
    )
  addJson(describe(models, 'unpack', 'models-unpack'))
    .argument('<dir>', translate('cli.command.packFolder'))
    .argument('[name...]', translate('cli.command.modelNames'))
    .action(async (folder: string, names: string[]) =>
      (await import('./commands/model-pack.ts')).unpackModels(context, folder, names),
    )
  addJson(describe(models, 'verify', 'models-verify'))
    .argument('[name...]', translate('cli.command.modelNames'))
    .action(async (names: string[]) => (await import('./commands/models.ts')).verifyModels(context, names))
  addJson(describe(models, 'remove', 'models-remove'))
    .argument('<name...>', translate('cli.command.modelName'))
    .action(async (names: string[]) => (await import('./commands/models.ts')).removeModels(context, names))

  addJson(describe(projects, 'models', 'projects-models'))
    .argument('<name>', translate('cli.command.projectNameOrId'))
    .option('--local-only <on|off>', words('localOnly'))
    .option('--providers <slugs>', words('allowedProviders'))
    .option('--chat-model <reference>', words('chatModel'))
    .action(async (name: string, options: ModelOptions) =>
      (await import('./commands/project-models.ts')).setProjectModels(context, name, options),
    )

  const providers = describe(program, 'providers', 'providers')
  addJson(describe(providers, 'list', 'providers-list')).action(async () =>
    (await import('./commands/providers.ts')).listProviders(context),
  )
  addJson(describe(providers, 'add', 'providers-add'))
    .argument('<kind>', translate('cli.command.providerKind'))
    .argument('[url]', translate('cli.command.providerUrl'))
    .option('--name <name>', words('providerName'))
    .option('--slug <slug>', words('providerSlug'))
    .option('--key', words('providerKey'))
    .action(async (kind: string, url: string | undefined, options: { name?: string; slug?: string; key?: boolean }) =>
      (await import('./commands/providers.ts')).addProvider(context, kind, url, options),
    )
  addJson(describe(providers, 'test', 'providers-test'))
    .argument('<provider>', translate('cli.command.providerSlug'))
    .action(async (slug: string) => (await import('./commands/providers.ts')).testProvider(context, slug))
  addJson(describe(providers, 'remove', 'providers-remove'))
    .argument('<provider...>', translate('cli.command.providerSlug'))
    .action(async (slugs: string[]) => (await import('./commands/providers.ts')).removeProviders(context, slugs))

  const users = describe(program, 'users', 'users')
  addJson(describe(users, 'list', 'users-list')).action(async () =>
    (await import('./commands/admin.ts')).listUsers(context),
  )
  addJson(describe(users, 'invite', 'users-invite'))
    .argument('<email>', translate('cli.command.userEmail'))
    .option('--role <role>', words('role'), 'member')
    .action(async (email: string, options: { role: string }) =>
      (await import('./commands/admin.ts')).inviteUser(context, email, options),
    )
  addJson(describe(users, 'reset-password', 'users-reset-password'))
    .argument('<email>', translate('cli.command.userEmail'))
    .action(async (email: string) => (await import('./commands/admin.ts')).resetUserPassword(context, email))
  addJson(describe(users, 'set-role', 'users-set-role'))
    .argument('<email>', translate('cli.command.userEmail'))
    .argument('<role>', translate('cli.command.userRole'))
    .action(async (email: string, role: string) =>
      (await import('./commands/admin.ts')).setUserRole(context, email, role),
    )

  addJson(describe(program, 'ledger', 'ledger'))
    .option('--since <time>', words('since'))
    .option('--csv', words('csv'))
    .action(async (options: { since?: string; csv?: boolean }) =>
      (await import('./commands/ledger.ts')).showLedger(context, options),
    )

  addJson(describe(program, 'serve', 'serve'))
    .option('--host <address>', words('host'), '127.0.0.1')
    .option('--port <number>', words('port'))
    .option('--socket <file>', words('socket'))
    .option('--workers <number>', words('workers'))
    .action(async (options: ServeOptions) => (await import('./commands/serve.ts')).serve(context, options))

  describe(program, 'mcp', 'mcp').action(async () => {
    if (context.json) throw usageError(translate('cli.usage.json'))
    await (await import('./commands/mcp.ts')).mcp(context)
  })

  addJson(describe(program, 'worker', 'worker')).action(async () =>
    (await import('./commands/worker.ts')).worker(context),
  )

  addJson(describe(program, 'export', 'export'))
    .argument('<file>', words('exportFile'))
    .option('--force', words('force'))
    .action(async (file: string, options: { force?: boolean }) =>
      (await import('./commands/export.ts')).exportOwn(context, file, options),
    )

  addJson(describe(program, 'backup', 'backup'))
    .argument('[file]', words('backupFile'))
    .option('--to <dir>', words('backupTo'))
    .option('--keep <number>', words('keep'))
    .action(async (file: string | undefined, options: { to?: string; keep?: string }) =>
      (await import('./commands/backup.ts')).backup(context, file, options),
    )
  addJson(describe(program, 'restore', 'restore'))
    .argument('<file>', words('backupFile'))
    .option('--replace', words('replace'))
    .option('--yes', words('yes'))
    .action(async (file: string, options: { replace?: boolean; yes?: boolean }) =>
      (await import('./commands/restore.ts')).restore(context, file, options),
    )

  addJson(describe(program, 'doctor', 'doctor')).action(async () =>
    (await import('./commands/doctor.ts')).doctor(context),
  )

  describe(program, 'eval', 'eval')
    .argument('<set...>', translate('eval.sets'))
    .option('--json', words('json'))
    .option('--mode <mode>', translate('eval.mode'), 'words')
    .option('--answers <number>', translate('eval.answers'))
    .action(async (files: string[], options: EvalOptions) =>
      (await import('./commands/eval.ts')).evalCommand(context, files, options),
    )
  return program
}

type WordKey = Below<'cli.help'>
type CommandKey = Below<'cli.command'>
type Below<Path extends string> = MessageKey extends infer Key
  ? Key extends `${Path}.${infer Rest}`
    ? Rest
    : never
  : never

const titles: Record<string, WordKey> = {
  'Usage:': 'usage',
  'Arguments:': 'arguments',
  'Options:': 'options',
  'Commands:': 'commands',
  'Global Options:': 'global',
}

const verbs: readonly DocumentVerb[] = ['delete', 'undo', 'purge', 'cancel', 'retry', 'pause', 'resume']

function wholeNumber({ translate }: Context, name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= mostPassages) return value
  throw usageError(translate('cli.usage.number', { name, max: mostPassages }))
}
