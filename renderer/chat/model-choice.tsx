import { useQuery } from '@tanstack/react-query'
import { Cpu, Globe, Quote } from 'lucide-react'
import type { ApiModel, ApiProject, ServedModel } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { modelName } from '../models/facts.ts'
import { MenuOf } from '../parts/menu.tsx'
import { read } from '../queries.ts'
import { useWords, type Words } from '../words.tsx'

/** A model that can answer, as it is offered. */
interface Answering {
  reference: string
  name: string
  /** The server's name; null: this program itself. */
  server: string | null
  here: boolean
  /** Why it cannot be used. */
  problem: string | null
}

/** Which model answers: what this chat says, else the project, else the one in use. */
export function useAnswering(chosen: string | null) {
  const words = useWords()
  const { client } = useApp()
  const project = useProject()
  const { data } = useQuery(read.allModels(client, project.id))
  const all = data ? answeringOf(data, words) : []
  const usual = data && usualOf(data, project, all)
  const named = chosen === null ? undefined : all.find(({ reference }) => reference === chosen)
  // One that is gone stays visible as what was chosen.
  const gone = chosen !== null && data && !named ? missing(chosen) : undefined
  return { all: gone ? [gone, ...all] : all, usual, current: named ?? gone ?? usual, known: data !== undefined }
}

/** Switches the model of a chat. */
export function ModelChoice({ chosen, choose }: { chosen: string | null; choose(reference: string | null): void }) {
  const words = useWords()
  const { router } = useApp()
  const { all, usual, current, known } = useAnswering(chosen)
  if (!known) return null
  const Icon = current ? (current.here ? Cpu : Globe) : Quote
  const name = current?.name ?? words('ask.quotesOnly')
  return (
    <MenuOf
      trigger={
        <button
          type="button"
          data-model-choice
          aria-label={`${words('ask.model')}: ${current ? `${name}, ${placeOf(current, words)}` : name}`}
          className="inline-flex min-h-10 max-w-full min-w-0 items-center gap-1.5 rounded-lg px-2 text-sm text-soft hover:bg-sunken hover:text-ink"
        >
          <Icon aria-hidden className="size-4 shrink-0" />
          <span className="truncate">
            {name}
            {current && <span className="max-sm:hidden"> · {placeOf(current, words)}</span>}
          </span>
        </button>
      }
      choices={{
        label: words('ask.model'),
        value: chosen ?? '',
        options: [
          {
            value: '',
            label: words('ask.usualModel'),
            hint: usual ? `${usual.name}, ${placeOf(usual, words)}` : words('ask.quotesOnly'),
          },
          ...all.map(({ reference, name, problem, ...place }) => ({
            value: reference,
            label: name,
            hint: problem ?? placeOf(place, words),
            disabled: problem !== null && reference !== chosen,
          })),
        ],
        choose: reference => choose(reference === '' ? null : reference),
      }}
      items={[{ label: words('ask.manageModels'), run: () => router.go('models') }]}
    />
  )
}

/** Says so where the next question goes to another machine. */
export function WhereItGoes({ chosen }: { chosen: string | null }) {
  const words = useWords()
  const { current } = useAnswering(chosen)
  if (!current || current.here || current.server === null) return null
  return (
    <p data-leaves className="mt-2 flex gap-2 px-1 text-xs text-soft">
      <Globe aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      {words('ask.leaves', { server: current.server })}
    </p>
  )
}

/** “on this computer”, the server's name, or both. */
export function placeOf({ server, here }: { server: string | null; here: boolean }, words: Words): string {
  if (server === null) return words('models.onThisComputer')
  return here ? words('models.atHere', { server }) : words('models.at', { server })
}

export function answeringOf(
  { models, served }: { models: readonly ApiModel[]; served: readonly ServedModel[] },
  words: Words,
): Answering[] {
  return [
    ...models
      .filter(({ role }) => role === 'chat')
      .map(({ name, problem }) => ({
        reference: name,
        name: modelName(name),
        server: null,
        here: true,
        problem: problem && words.explain(problem),
      })),
    ...served
      .filter(({ role }) => role === 'chat')
      .map(({ reference, id, provider, problem }) => ({
        reference,
        name: id,
        server: provider.name,
        here: provider.here,
        problem: problem && words.explain(problem),
      })),
  ]
}

function usualOf(
  { models, served }: { models: readonly ApiModel[]; served: readonly ServedModel[] },
  { chatModel }: ApiProject,
  all: readonly Answering[],
): Answering | undefined {
  const find = (reference: string | undefined) => all.find(one => one.reference === reference && one.problem === null)
  return (
    find(chatModel ?? undefined) ??
    find(served.find(({ role, inUse }) => role === 'chat' && inUse)?.reference) ??
    find(models.find(({ role, inUse }) => role === 'chat' && inUse)?.name)
  )
}

function missing(reference: string): Answering {
  const server = reference.includes('/') ? reference.slice(0, reference.indexOf('/')) : null
  return { reference, name: modelName(reference), server, here: server === null, problem: null }
}
