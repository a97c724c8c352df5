/** Everything the server and the command line read from outside: environment, machine, locale. Nobody else looks there. */
import { availableParallelism, homedir } from 'node:os'
import path from 'node:path'
import { languageOfLocale, type MessageLanguage } from '../shared/messages/index.ts'

export interface Config {
  /** Where the user stands: npm changes the working directory to the package, `INIT_CWD` remembers the user's. */
  workingDirectory: string
  dataDirectory: string
  language: MessageLanguage
  /** Whether a terminal shows more than ASCII. */
  unicode: boolean
  logLevel: string
  serviceName: string
  /** Bytes. */
  maxFileSize: number
  /** Documents a user may keep; null: no limit. */
  maxFiles: number | null
  /** Who shows it may use the server; without one, each start makes its own. */
  token?: string
  /** Parser processes. */
  parsers: number
  /** Where models lie. */
  modelsFolder: string
  models: ModelConfig
}

export interface ModelConfig {
  /** Files named by the user; without them those in `<data>/models` are used. */
  chatFile?: string
  embeddingFile?: string
  rerankingFile?: string
  /** Tokens. */
  contextSize: number
  maxTokens: number
  temperature: number
  threads: number
}

/** Database threads, which inherit the environment, then keep their compiled code there too: 150 ms of a start become 80. */
export function shareCompileCache(folder: string): void {
  process.env.NODE_COMPILE_CACHE ??= folder
}

type Environment = Record<string, string | undefined>

export function readConfig(
  options: { data?: string; environment?: Environment; platform?: NodeJS.Platform } = {},
): Config {
  const environment = options.environment ?? process.env
  const platform = options.platform ?? process.platform
  const workingDirectory = environment.INIT_CWD || process.cwd()
  const data = options.data ?? (environment.CLOISTER_DATA || undefined)
  const locale =
    environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || Intl.DateTimeFormat().resolvedOptions().locale
  const dataDirectory = path.resolve(workingDirectory, data ?? defaultDataDirectory(environment, platform))
  return {
    workingDirectory,
    dataDirectory,
    language: languageOfLocale(locale),
    unicode: isUnicode(environment, platform),
    logLevel: environment.LOG_LEVEL ?? 'info',
    serviceName: environment.SERVICE_NAME ?? 'cloister',
    maxFileSize: positive(environment.MAX_FILE_SIZE_MB, 2048) * 1024 * 1024,
    maxFiles: Math.round(positive(environment.MAX_FILES_PER_USER, 0)) || null,
    ...(environment.CLOISTER_TOKEN && { token: environment.CLOISTER_TOKEN }),
    // One core stays with whoever waits for an answer.
    parsers: Math.max(1, Math.min(4, availableParallelism() - 1)),
    modelsFolder: path.join(dataDirectory, 'models'),
    models: {
      ...fileOf(environment, 'chatFile', 'LLM_MODEL_PATH', workingDirectory),
      ...fileOf(environment, 'embeddingFile', 'EMBEDDING_MODEL_PATH', workingDirectory),
      ...fileOf(environment, 'rerankingFile', 'RERANKER_MODEL_PATH', workingDirectory),
      contextSize: Math.max(512, Math.round(positive(environment.LLM_CONTEXT_SIZE, 4096))),
      maxTokens: Math.max(16, Math.round(positive(environment.LLM_MAX_TOKENS, 512))),
      temperature: Math.min(2, positive(environment.LLM_TEMPERATURE, 0.1, 0)),
      // llama.cpp's threads wait for one another in a loop: one too many, and 19 tokens a second become 1.
      threads: Math.round(positive(environment.LLM_THREADS, Math.max(1, availableParallelism() - 1))),
    },
  }
}

function fileOf<Key extends string>(
  environment: Environment,
  key: Key,
  variable: string,
  workingDirectory: string,
): Partial<Record<Key, string>> {
  const named = environment[variable]?.trim()
  return named ? ({ [key]: path.resolve(workingDirectory, named) } as Record<Key, string>) : {}
}

/** macOS and today's Windows terminals always; elsewhere the locale says it, and no locale means plain ASCII. */
function isUnicode(environment: Environment, platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || platform === 'darwin') return true
  return /utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '')
}

function defaultDataDirectory(environment: Environment, platform: NodeJS.Platform): string {
  const home = homedir()
  if (platform === 'win32') return path.join(environment.APPDATA || path.join(home, 'AppData', 'Roaming'), 'Cloister')
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Cloister')
  return path.join(environment.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'cloister')
}

function positive(text: string | undefined, otherwise: number, least = Number.MIN_VALUE): number {
  const value = Number(text)
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) && value >= least ? value : otherwise
}
