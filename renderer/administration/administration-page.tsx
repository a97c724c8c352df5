import { useApp } from '../app-context.ts'
import { Page } from '../parts/page.tsx'
import { hashOf, useRoute } from '../route.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { LogPart } from './log-part.tsx'
import { PeoplePart } from './people-part.tsx'
import { UsePart } from './use-part.tsx'
import { WorkPart } from './work-part.tsx'

const parts = { people: PeoplePart, use: UsePart, work: WorkPart, log: LogPart }
type Part = keyof typeof parts
const isPart = (name: string | null): name is Part => name !== null && name in parts

/** For those who look after the installation: people, counters, work and the log, and nothing of what anybody keeps. */
export function AdministrationPage() {
  const words = useWords()
  const { account, options, router } = useApp()
  const { id } = useRoute(router)
  const { role } = useStore(account)
  if (role === 'member' || options.mode === 'local')
    return (
      <Page title={words('administration.title')}>
        <p className="mt-4 text-soft">{words('administration.denied')}</p>
      </Page>
    )
  const part = isPart(id) ? id : 'people'
  const Shown = parts[part]
  return (
    <Page title={words('administration.title')} lead={words('administration.lead')}>
      <nav aria-label={words('administration.partsLabel')} className="mt-6 border-b border-line">
        <ul className="-mb-px flex flex-wrap gap-x-1">
          {(Object.keys(parts) as Part[]).map(one => (
            <li key={one}>
              <a
                href={hashOf('administration', one)}
                aria-current={one === part ? 'page' : undefined}
                onClick={event => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return
                  event.preventDefault()
                  router.go('administration', { id: one })
                }}
                className={`inline-flex min-h-10 items-center border-b-2 px-1.5 text-sm sm:px-3 ${
                  one === part ? 'border-accent font-medium text-ink' : 'border-transparent text-soft hover:text-ink'
                }`}
              >
                {words(`administration.parts.${one}`)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <Shown />
    </Page>
  )
}
