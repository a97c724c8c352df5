import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { AuditList } from '../administration/audit-list.tsx'
import { useApp } from '../app-context.ts'
import { Section } from '../parts/section.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

/** Who did what to what is one's own. */
export function AuditSection() {
  const words = useWords()
  const { client } = useApp()
  const { data: projects } = useQuery(read.projects(client))
  const names = useMemo(
    () => new Map(projects?.map(({ id, name }) => [id, words.projectName(name)])),
    [projects, words],
  )
  return (
    <Section title={words('audit.title')} lead={words('audit.lead')}>
      <AuditList
        label={words('audit.title')}
        name="own"
        names={names}
        read={(after, signal) => client.audit.list({ limit: 20, ...(after && { after }) }, { signal })}
      />
    </Section>
  )
}
