import type { OpenAPI } from '@orpc/contract'

interface Row {
  method: string
  path: string
  operation: OpenAPI.OperationObject
}

/** The API as a page to read: no script, nothing from elsewhere. */
export function docsPage(api: OpenAPI.Document, nonce: string): string {
  const rows: Row[] = Object.entries(api.paths ?? {}).flatMap(([path, item]) =>
    (['get', 'post', 'patch', 'delete'] as const).flatMap(method => {
      const operation = item?.[method]
      return operation ? [{ method: method.toUpperCase(), path, operation }] : []
    }),
  )
  const tags = [...new Set(rows.map(({ operation }) => operation.tags?.[0] ?? ''))]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cloister: the API</title><style nonce="${nonce}">${style}</style></head><body><main>
<h1>${text(api.info.title)} <small>${text(api.info.version)}</small></h1>
<p>${prose(api.info.description)}</p>
<p>As a document for programs: <a href="/openapi.json">/openapi.json</a></p>
<nav>${tags.map(tag => `<a href="#${text(tag)}">${text(tag)}</a>`).join(' ')}</nav>
${tags.map(tag => section(tag, rows)).join('\n')}
<h2 id="schemas">Shapes</h2>
${Object.entries(api.components?.schemas ?? {})
  .map(([name, schema]) => `<h3 id="schema-${text(name)}">${text(name)}</h3>${shape(schema)}`)
  .join('\n')}
</main></body></html>
`
}

function section(tag: string, rows: readonly Row[]): string {
  const own = rows.filter(({ operation }) => (operation.tags?.[0] ?? '') === tag)
  return `<h2 id="${text(tag)}">${text(tag)}</h2>\n${own.map(route).join('\n')}`
}

function route({ method, path, operation }: Row): string {
  const parameters = (operation.parameters ?? []).flatMap(parameter =>
    'name' in parameter
      ? [
          line(
            parameter.name,
            typeOf(parameter.schema),
            `${parameter.in}${parameter.required ? '' : ', optional'}`,
            noteOf(parameter.schema),
          ),
        ]
      : [],
  )
  const body = operation.requestBody && 'content' in operation.requestBody ? operation.requestBody.content : {}
  const answers = Object.entries(operation.responses ?? {}).flatMap(([status, response]) =>
    'content' in response && status !== 'default' ? [[status, response.content ?? {}] as const] : [],
  )
  return `<article id="${text(operation.operationId ?? '')}"><h3><code><b>${method}</b> ${text(path)}</code></h3>
<p>${prose(operation.summary)}${operation.description ? `. ${prose(operation.description)}` : ''}</p>
${parameters.length > 0 ? `<table>${parameters.join('')}</table>` : ''}
${contents('Takes', body)}${answers.map(([status, content]) => contents(`Answers ${status}`, content)).join('')}</article>`
}

function contents(title: string, content: Record<string, OpenAPI.MediaTypeObject>): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `<h4>${text(title)}: ${text(type)}</h4>${shape(schema)}`)
    .join('')
}

interface Shape {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  anyOf?: Shape[]
  oneOf?: Shape[]
  enum?: unknown[]
  const?: unknown
  format?: string
  description?: string
}

/** Properties as a table; of alternatives, one table each. */
function shape(given: unknown): string {
  const schema = (given ?? {}) as Shape
  const parts = schema.oneOf ?? schema.anyOf
  if (parts?.some(part => part.properties)) return parts.map(shape).join('')
  if (!schema.properties) return `<p>${typeOf(schema)}</p>`
  const rows = Object.entries(schema.properties).map(([name, property]) =>
    line(name, typeOf(property), schema.required?.includes(name) ? '' : 'optional', noteOf(property)),
  )
  return `<table>${rows.join('')}</table>`
}

function typeOf(given: unknown, depth = 0): string {
  const schema = (given ?? {}) as Shape
  const name = schema.$ref?.split('/').at(-1)
  if (name) return `<a href="#schema-${text(name)}">${text(name)}</a>`
  const parts = schema.oneOf ?? schema.anyOf
  if (parts) return [...new Set(parts.map(part => typeOf(part, depth)))].filter(Boolean).join(' or ')
  if (schema.const !== undefined) return `<code>${text(JSON.stringify(schema.const))}</code>`
  if (schema.enum) {
    const values = schema.enum.slice(0, 12).map(value => `<code>${text(JSON.stringify(value))}</code>`)
    return values.join(' ') + (schema.enum.length > 12 ? ` … (${schema.enum.length})` : '')
  }
  if (schema.items) return `list of ${typeOf(schema.items, depth)}`
  if (schema.properties && depth < 3)
    return `{ ${Object.entries(schema.properties)
      .map(([key, value]) => `${text(key)}: ${typeOf(value, depth + 1)}`)
      .join(', ')} }`
  return text(schema.format ?? [schema.type ?? ''].flat().join(' or '))
}

function noteOf(schema: unknown): string {
  return prose((schema as Shape | undefined)?.description)
}

function line(name: string, type: string, where: string, note: string): string {
  return `<tr><th scope="row"><code>${text(name)}</code></th><td>${type}</td><td>${text(where)}</td><td>${note}</td></tr>`
}

/** Plain text with \`code\` in it. */
function prose(value: string | undefined): string {
  return text(value ?? '').replace(/`([^`]+)`/g, '<code>$1</code>')
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}

const style = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem }
nav { display: flex; flex-wrap: wrap; gap: .75rem }
article { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .5rem 0 }
h3 { font-size: 1rem; margin: .5rem 0 } h4 { font-size: .85rem; margin: .75rem 0 .25rem; font-weight: 600 }
table { border-collapse: collapse; width: 100%; font-size: .875rem; display: block; overflow-x: auto }
th, td { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0; font-weight: 400 }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
`
