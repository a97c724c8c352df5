import type { OpenAPI } from '@orpc/contract'
import { OpenAPIGenerator } from '@orpc/openapi'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import { answer, answerSentence } from '../../shared/api/answer.ts'
import { assistant } from '../../shared/api/assistant.ts'
import { chat, message } from '../../shared/api/chat.ts'
import { document, receipt, upload } from '../../shared/api/document.ts'
import { generated } from '../../shared/api/generate.ts'
import { contract } from '../../shared/api/index.ts'
import { ledgerEntry, ledgerSum } from '../../shared/api/ledger.ts'
import { model } from '../../shared/api/model.ts'
import { problem, reason } from '../../shared/api/problem.ts'
import { project } from '../../shared/api/project.ts'
import { citation, passage } from '../../shared/api/search.ts'
import { segment } from '../../shared/api/segment.ts'
import { settings } from '../../shared/api/setting.ts'
import { en } from '../../shared/messages/en.ts'

export type ApiDocument = OpenAPI.Document

const methods = ['get', 'post', 'patch', 'delete'] as const

/** The contract as OpenAPI 3.1, with what holds for every route: the token, and problems. */
export async function describeApi(version: string): Promise<ApiDocument> {
  const generator = new OpenAPIGenerator({
    schemaConverters: [new ZodToJsonSchemaConverter({ maxStructureDepth: 20 })],
  })
  const output = <T>(schema: T) => ({ schema, strategy: 'output' as const })
  const api = await generator.generate(contract, {
    info: {
      title: 'Cloister',
      version,
      description:
        'Ask your own documents, privately. Every call but `/health`, `/health/liveness`, `/health/readiness` and `POST /api/v1/session` needs the token that the server printed at its start, as `Authorization: Bearer …` or as the cookie that `POST /api/v1/session` sets. Errors are problem documents (RFC 9457) with one of our codes. Streams are server-sent events. Beside it, outside this description, the server speaks OpenAI’s API at `/v1` and the Model Context Protocol at `/mcp`, as they are described by others.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { cookie: [] }],
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'cloister-<port>' },
      },
    },
    commonSchemas: {
      Problem: output(problem),
      Reason: output(reason),
      Project: output(project),
      Document: output(document),
      Receipt: output(receipt),
      Segment: output(segment),
      Upload: output(upload),
      Passage: output(passage),
      Citation: output(citation),
      Sentence: output(answerSentence),
      Answer: output(answer),
      Chat: output(chat),
      Message: output(message),
      Assistant: output(assistant),
      Model: output(model),
      Generated: output(generated),
      Settings: output(settings),
      LedgerEntry: output(ledgerEntry),
      LedgerSum: output(ledgerSum),
    },
  })
  const schema = api.components?.schemas?.Problem
  if (schema && 'properties' in schema && schema.properties) schema.properties.code = { type: 'string', enum: codes() }
  for (const [path, item] of Object.entries(api.paths ?? {}))
    for (const method of methods) {
      const operation = item?.[method]
      if (!operation) continue
      operation.responses = {
        ...operation.responses,
        default: {
          description: 'A problem',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      }
      const nothing = operation.responses['204']
      if (nothing && 'content' in nothing) delete nothing.content
      // Asked by those who are not known yet.
      if (/^\/health(?:\/liveness|\/readiness)?$/.test(path) || operation.operationId === 'session.open')
        operation.security = []
      const body = operation.requestBody
      // What holds files comes as a form alone.
      if (body && 'content' in body && body.content['multipart/form-data']) delete body.content['application/json']
    }
  return withoutNoise(api)
}

/** Whole numbers come with the bounds of what JavaScript can count: true, and of no use to a reader. */
function withoutNoise(api: ApiDocument): ApiDocument {
  const text = JSON.stringify(api, (key, value: unknown) =>
    (key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER ? undefined : value,
  )
  return JSON.parse(text) as ApiDocument
}

/** Every code there is: each has its text. */
function codes(): string[] {
  return [...new Set(Object.keys(en.error).map(key => key.replace(/_(one|other)$/, '')))].sort()
}
